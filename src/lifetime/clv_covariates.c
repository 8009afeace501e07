/*
 * clv_covariates.c
 *	  Models with covariates as the server sees them: the fit, and the model of a customer's own.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/memutils.h"

#include "support/compat.h"
#include "lifetime/clv_fit.h"

PG_FUNCTION(clv_model_for);

static void
breathe(void)
{
	CHECK_FOR_INTERRUPTS();
}

int
clv_read_covariates(ArrayType *array, double *z)
{
	int n = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	Datum *values;
	bool *nulls;

	if (ARR_NDIM(array) != 1 || n > MOST_COVARIATES)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("covariates must be an array of 1 to %d numbers", MOST_COVARIATES)));
	deconstruct_array(array, FLOAT8OID, sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &values,
					  &nulls, &n);
	for (int i = 0; i < n; i++)
	{
		if (nulls[i])
			ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
							errmsg("covariate %d must not be null", i + 1),
							errhint("Where it is not known, give a value that says so, and another "
									"covariate of 0 or 1 that tells whether it is known.")));
		/* adding 0 makes one of the two zeros */
		z[i] = DatumGetFloat8(values[i]) + 0.0;
		if (!isfinite(z[i]))
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("covariate %d must be finite, not %g", i + 1, z[i])));
		if (fabs(z[i]) > GREATEST_COVARIATE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("covariate %d must be between -1e15 and 1e15, not %g", i + 1, z[i])));
	}
	pfree(values);
	pfree(nulls);
	return n;
}

static int
compare_rows(const void *a, const void *b, void *length)
{
	const double *x = a, *y = b;

	for (int i = 0; i < *(int *) length; i++)
		if (x[i] != y[i])
			return x[i] < y[i] ? -1 : 1;
	return 0;
}

/* The groups of customers with the same covariates, of rows that are sorted. */
static size_t
make_groups(double *rows, size_t n, const FitOptions *options, CovariateGroup *groups,
			Observation *observations)
{
	int z = options->covariates, length = z + COVARIATE_ROW_EXTRA;
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
	{
		double *row = rows + i * length;

		if (i > 0 && compare_rows(row, row - length, &length) == 0)
		{
			observations[-1].count++;
			continue;
		}
		if (found == 0 || compare_rows(row, groups[found - 1].z, &z) != 0)
			groups[found++] = (CovariateGroup){row, observations, 0};
		groups[found - 1].n++;
		*observations++ = (Observation){row[z + 1] / options->unit_days,
										row[z + 2] / options->unit_days, 1, (int32) row[z]};
	}
	return found;
}

/* What a fit with covariates has found, in place of what the fit without them has. */
static ClvModel *
take_fit(const ClvModel *without, const Fit *fit, int covariates)
{
	const ClvKindInfo *info = &clv_kinds[without->kind];
	ClvModel *model = clv_model_with_covariates(without, covariates);
	int parameters = info->parameters;
	int n = clv_model_unknowns(model);

	memcpy(model->theta, fit->theta, parameters * sizeof(double));
	memcpy(model->std_error, fit->std_error, parameters * sizeof(double));
	memcpy(clv_model_coefficient(model), fit->theta + parameters,
		   (n - parameters) * sizeof(double));
	memcpy(clv_model_coefficient_error(model), fit->std_error + parameters,
		   (n - parameters) * sizeof(double));
	for (int i = 0; i < n; i++)
		memcpy(clv_model_covariance(model) + i * n, fit->covariance[i], n * sizeof(double));
	model->loglik = fit->loglik;
	model->flags &= ~(CLV_HAS_COVARIANCE | CLV_CONVERGED);
	model->flags |= (fit->known ? CLV_HAS_COVARIANCE : 0) | (fit->converged ? CLV_CONVERGED : 0);
	return model;
}

ClvModel *
clv_fit_covariates(const ClvModel *model, double *rows, size_t n, const FitOptions *options)
{
	const ClvKindInfo *info = &clv_kinds[options->kind];
	int length = options->covariates + COVARIATE_ROW_EXTRA;
	CovariateGroup *groups =
		MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(CovariateGroup));
	Observation *observations =
		MemoryContextAllocHuge(CurrentMemoryContext, n * sizeof(Observation));
	ClvModel *result;
	int which;
	Fit fit;

	qsort_arg(rows, n, length * sizeof(double), compare_rows, &length);
	memcpy(fit.theta, model->theta, info->parameters * sizeof(double));
	switch (covariates_fit(info->method, options->covariates, groups,
						   make_groups(rows, n, options, groups, observations), breathe, &fit,
						   &which))
	{
		case COVARIATES_CONSTANT:
			ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
							errmsg("covariate %d is the same for all customers", which + 1),
							errhint("Leave it out: its effect cannot be seen.")));
			break;
		case COVARIATES_DEPENDENT:
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the covariates depend on each other: one of them follows from the others"),
					 errhint("Leave one out: of n categories, n - 1 have a covariate.")));
			break;
		case COVARIATES_FITTED:
			break;
	}
	result = take_fit(model, &fit, options->covariates);
	if (!clv_model_parameters_good(result))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("no model can be written for customers whose covariates are all 0"),
						errdetail("They are too far from the customers that there are."),
						errhint("Take the mean away from each covariate.")));
	if (!fit.converged)
		result = clv_model_add_note(result, "the fit with covariates did not converge");
	if (fit.note)
		result = clv_model_add_note(result, fit.note);
	for (int i = info->parameters; i < clv_model_unknowns(result); i++)
		if (fit.limit[i] != 0)
			result = clv_model_add_note(
				result, psprintf("the effect of covariate %d is at its limit: the likelihood still "
								 "rises there",
								 (i - info->parameters) % options->covariates + 1));
	pfree(groups);
	pfree(observations);
	return result;
}

/*
 * clv_model_for(model clv_model, covariates float8[]) returns clv_model
 */
Datum
clv_model_for(PG_FUNCTION_ARGS)
{
	const ClvModel *model = PG_GETARG_ANY_CLV_MODEL(0);
	const ClvKindInfo *info = &clv_kinds[model->kind];
	double z[MOST_COVARIATES];
	int n = clv_read_covariates(PG_GETARG_ARRAYTYPE_P(1), z);
	ClvModel *result;

	if (model->covariates == 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clv_model has no covariates")));
	if (n != model->covariates)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clv_model has %d covariates, not %d", (int) model->covariates,
							   n)));
	result = clv_model_with_covariates(model, 0);
	covariates_apply(covariate_effects(info->method), n, clv_model_coefficient(model), z,
					 model->theta, result->theta);
	if (!clv_model_parameters_good(result))
		ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						errmsg("the clv_model tells nothing of customers with these covariates"),
						errdetail("They are too far from the customers that it was fitted to.")));
	/* what was of all customers is not of these */
	result->flags &= ~(CLV_HAS_LOGLIK | CLV_HAS_CUSTOMERS | CLV_HAS_STD_ERRORS);
	if (result->flags & CLV_HAS_COVARIANCE)
	{
		covariates_covariance(info->method, n, z, clv_model_covariance(model), result->covariance);
		for (int i = 0; i < info->parameters; i++)
			result->std_error[i] = result->theta[i] * sqrt(fmax(0, result->covariance[i][i]));
		result->flags |= CLV_HAS_STD_ERRORS;
	}
	PG_RETURN_POINTER(result);
}
