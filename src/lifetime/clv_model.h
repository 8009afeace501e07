/*
 * clv_model.h
 *	  The type clv_model as the server sees it: a fitted model, ready to be evaluated.
 */
#ifndef CUSTOMER_VALUE_CLV_MODEL_H
#define CUSTOMER_VALUE_CLV_MODEL_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/date.h"
#include "utils/timestamp.h"

#include "lifetime/covariates.h"
#include "lifetime/fit.h"
#include "lifetime/gammagamma.h"
#include "lifetime/kept.h"
#include "lifetime/method.h"
#include "lifetime/sample.h"
#include "value/btyd.h"

#define CLV_MODEL_VERSION 3

/* stored: never change a number */
typedef enum ClvKind
{
	CLV_BGNBD,
	CLV_MBGNBD,
	CLV_PARETONBD,
	CLV_BGBB,
	CLV_SBG,
	CLV_BGCNBD,
	CLV_MBGCNBD,
	CLV_KINDS
} ClvKind;

typedef struct ClvKindInfo
{
	const char *name;
	int parameters;
	const char *const *parameter;
	const Method *method; /* NULL for sbg */
} ClvKindInfo;

extern const ClvKindInfo clv_kinds[CLV_KINDS];

/* which of the optional members are there */
#define CLV_HAS_STD_ERRORS 0x0001
#define CLV_HAS_LOGLIK 0x0002
#define CLV_HAS_CUSTOMERS 0x0004
#define CLV_HAS_AS_OF 0x0008
#define CLV_HAS_SPEND 0x0010
#define CLV_HAS_SPEND_STD_ERRORS 0x0020
#define CLV_HAS_SPEND_LOGLIK 0x0040
#define CLV_HAS_SPEND_CUSTOMERS 0x0080
#define CLV_HAS_CONVERGED 0x0100
#define CLV_CONVERGED 0x0200
#define CLV_HAS_COVARIANCE 0x0800
#define CLV_HAS_SPEND_COVARIANCE 0x1000
#define CLV_HAS_KEPT 0x0400

/* What the spend model knows of a customer; stored: never change a number. */
typedef enum ClvSpendOf
{
	CLV_SPEND_MEANS, /* mean and number of the repeat order days */
	CLV_SPEND_ORDERS /* every order day, and whether it was kept */
} ClvSpendOf;

typedef struct ClvModel
{
	int32 vl_len_;
	uint8 version;
	uint8 kind;
	uint16 flags;
	DateADT as_of;
	int32 notes_length;
	double unit_days;
	double theta[METHOD_THETA];
	double std_error[JET_PARAMETERS]; /* NAN where unknown */
	double loglik;
	int64 customers;
	uint8 spend_of;
	double spend[GAMMAGAMMA_PARAMETERS];
	double spend_std_error[GAMMAGAMMA_PARAMETERS];
	double spend_loglik;
	int64 spend_customers;
	/* of the logarithms of the parameters */
	double covariance[JET_PARAMETERS][JET_PARAMETERS];
	double spend_covariance[JET_PARAMETERS][JET_PARAMETERS];
	/* the share of orders kept, with CLV_HAS_KEPT; without it all are */
	double kept[KEPT_PARAMETERS];
	int64 covariates; /* how many */
	/* of covariates: coefficients, their standard errors, and the covariance of the logarithms of the
	 * parameters and the coefficients; then the notes, each with its terminator */
	double tail[FLEXIBLE_ARRAY_MEMBER];
} ClvModel;

/* The coefficients of the covariates, and how many there are. */
static inline int
clv_model_coefficients(const ClvModel *model)
{
	return covariate_effects(clv_kinds[model->kind].method)->count * (int) model->covariates;
}

/* Parameters and coefficients: so many rows has the covariance of a model with covariates. */
static inline int
clv_model_unknowns(const ClvModel *model)
{
	return clv_kinds[model->kind].parameters + clv_model_coefficients(model);
}

#define clv_model_coefficient(model) ((model)->tail)
#define clv_model_coefficient_error(model) ((model)->tail + clv_model_coefficients(model))
#define clv_model_covariance(model) ((model)->tail + 2 * clv_model_coefficients(model))

/* The doubles of the tail. */
static inline int
clv_model_tail(const ClvModel *model)
{
	int n = clv_model_unknowns(model);

	return model->covariates == 0 ? 0 : 2 * clv_model_coefficients(model) + n * n;
}

#define clv_model_notes(model) ((char *) ((model)->tail + clv_model_tail(model)))

/* A model of any kind; clv_model_get raises an error if it has covariates, of which the caller must know
 * those of the customer. */
extern const ClvModel *clv_model_get_any(Datum datum);
extern const ClvModel *clv_model_get(Datum datum);
#define PG_GETARG_ANY_CLV_MODEL(n) clv_model_get_any(PG_GETARG_DATUM(n))
#define PG_GETARG_CLV_MODEL(n) clv_model_get(PG_GETARG_DATUM(n))

/* From and to text; parsing returns NULL after a soft error. */
extern ClvModel *clv_model_parse(char *text, Node *escontext);
extern char *clv_model_text(const ClvModel *model);

/* A new model without optional members. */
extern ClvModel *clv_model_make(ClvKind kind, double unit_days);

/* A copy with room for so many covariates, all 0. */
extern ClvModel *clv_model_with_covariates(const ClvModel *model, int covariates);

/* Are the parameters such as a model can have? */
extern bool clv_model_parameters_good(const ClvModel *model);

/* The model with one more note; the old one is freed. */
extern ClvModel *clv_model_add_note(ClvModel *model, const char *note);

/* The model that a fit found, with its notes. */
extern ClvModel *clv_model_of_fit(ClvKind kind, double unit_days, int64 customers, const Fit *fit);

/* An error if the model has no spend. */
extern void clv_model_require_spend(const ClvModel *model);

/*
 * What each further order of a customer is expected to bring; of a summary, which does not tell how many
 * orders were kept, that of an average customer counts. The model has spend.
 */
extern double clv_expected_spend(const ClvModel *model, const SampleSpend *spend);
extern double clv_expected_spend_of_summary(const ClvModel *model, const BtydSummary *summary);

/* The kind of that name, or an error. */
extern ClvKind clv_kind_by_name(const char *name, int length);

/* The model's method, or an error that says that what cannot be asked of it. */
extern const Method *clv_model_method(const ClvModel *model, const char *what);

/* The length of an interval in days, finite and at least 0; what names it in errors. */
extern double clv_interval_days(const Interval *interval, const char *what);

#endif
