/*
 * clv_model.c
 *	  The type clv_model: from and to JSON, which is its text form, and the binary protocol.
 */
#include "lifetime/clv_model.h"

#include <math.h>

#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/numeric.h"

#include "support/comparison.h"
#include "support/compat.h"
#include "support/interval_days.h"

/* beyond these no data lead, and the integrals need not go */
#define LEAST_PARAMETER 1e-15
#define GREATEST_PARAMETER 1e15
#define GREATEST_UNIT_DAYS 1e6

#define MAX_NOTES_LENGTH 65536

PG_FUNCTION(clv_model_in);
PG_FUNCTION(clv_model_out);
PG_FUNCTION(clv_model_recv);
PG_FUNCTION(clv_model_send);
PG_FUNCTION(clv_model_from_jsonb);
PG_FUNCTION(clv_model_to_jsonb);
PG_FUNCTION(clv_model_hash);
PG_FUNCTION(clv_model_hash_extended);

static const char *const sbg_parameter[] = {"alpha", "beta"};
static const char *const spend_parameter[] = {"p", "q", "v"};
static const char *const spend_of_names[] = {[CLV_SPEND_MEANS] = "means", [CLV_SPEND_ORDERS] = "orders"};
static const char *const kept_parameter[] = {"a", "b"};

const ClvKindInfo clv_kinds[CLV_KINDS] = {
	[CLV_BGNBD] = {"bg/nbd", 4, bgnbd_method.parameter, &bgnbd_method},
	[CLV_MBGNBD] = {"mbg/nbd", 4, mbgnbd_method.parameter, &mbgnbd_method},
	[CLV_PARETONBD] = {"pareto/nbd", 4, paretonbd_method.parameter, &paretonbd_method},
	[CLV_BGBB] = {"bg/bb", 4, bgbb_method.parameter, &bgbb_method},
	[CLV_SBG] = {"sbg", 2, sbg_parameter, NULL},
	[CLV_BGCNBD] = {"bg/cnbd-k", 4, bgcnbd_method.parameter, &bgcnbd_method},
	[CLV_MBGCNBD] = {"mbg/cnbd-k", 4, mbgcnbd_method.parameter, &mbgcnbd_method},
};

static const char phases_parameter[] = "k";

static bool
has_phases(const ClvKindInfo *info)
{
	return info->method && info->method->phases;
}

static int
find_kind(const char *name, int length)
{
	for (int kind = 0; kind < CLV_KINDS; kind++)
		if ((int) strlen(clv_kinds[kind].name) == length &&
			memcmp(clv_kinds[kind].name, name, length) == 0)
			return kind;
	return -1;
}

#define UNKNOWN_MODEL(length, name)                                                            \
	(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown model \"%.*s\"", length, name), \
	 errhint("The models are bg/nbd, mbg/nbd, bg/cnbd-k, mbg/cnbd-k, pareto/nbd, bg/bb and sbg."))

ClvKind
clv_kind_by_name(const char *name, int length)
{
	int kind = find_kind(name, length);

	if (kind < 0)
		ereport(ERROR, UNKNOWN_MODEL(length, name));
	return (ClvKind) kind;
}

const Method *
clv_model_method(const ClvModel *model, const char *what)
{
	const Method *method = clv_kinds[model->kind].method;

	if (method == NULL)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("a model %s does not tell %s", clv_kinds[model->kind].name, what),
						errhint("It tells retention, survival and residual_lifetime.")));
	return method;
}

/* The bytes of a model before its notes. */
static Size
size_without_notes(const ClvModel *model)
{
	return offsetof(ClvModel, tail) + clv_model_tail(model) * sizeof(double);
}

const ClvModel *
clv_model_get_any(Datum datum)
{
	const ClvModel *model = (const ClvModel *) PG_DETOAST_DATUM(datum);

	if (VARSIZE(model) < offsetof(ClvModel, tail) || model->version != CLV_MODEL_VERSION ||
		model->kind >= CLV_KINDS || model->spend_of > CLV_SPEND_ORDERS || model->covariates < 0 ||
		model->covariates > MOST_COVARIATES || VARSIZE(model) < size_without_notes(model))
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("stored clv_model is of an unknown version")));
	return model;
}

const ClvModel *
clv_model_get(Datum datum)
{
	const ClvModel *model = clv_model_get_any(datum);

	if (model->covariates > 0)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clv_model has covariates: it tells nothing of a customer without them"),
						errhint("Use clv_model_for(model, covariates) in place of the model.")));
	return model;
}

ClvModel *
clv_model_make(ClvKind kind, double unit_days)
{
	ClvModel *model = palloc0(offsetof(ClvModel, tail));

	SET_VARSIZE(model, offsetof(ClvModel, tail));
	model->version = CLV_MODEL_VERSION;
	model->kind = kind;
	model->unit_days = unit_days;
	return model;
}

ClvModel *
clv_model_with_covariates(const ClvModel *model, int covariates)
{
	ClvModel header = *model;
	ClvModel *result;
	Size size;

	header.covariates = covariates;
	size = size_without_notes(&header);
	result = palloc0(size + model->notes_length);
	*result = header;
	memcpy(clv_model_notes(result), clv_model_notes(model), model->notes_length);
	SET_VARSIZE(result, size + model->notes_length);
	return result;
}

bool
clv_model_parameters_good(const ClvModel *model)
{
	for (int i = 0; i < clv_kinds[model->kind].parameters; i++)
		if (!(model->theta[i] >= LEAST_PARAMETER && model->theta[i] <= GREATEST_PARAMETER))
			return false;
	return true;
}

ClvModel *
clv_model_add_note(ClvModel *model, const char *note)
{
	int length = (int) strlen(note) + 1;

	model = repalloc(model, VARSIZE(model) + length);
	memcpy(clv_model_notes(model) + model->notes_length, note, length);
	model->notes_length += length;
	SET_VARSIZE(model, VARSIZE(model) + length);
	return model;
}

void
clv_model_require_spend(const ClvModel *model)
{
	if (!(model->flags & CLV_HAS_SPEND))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("the clv_model has no spend model"),
						errhint("Its member \"spend\" holds p, q and v.")));
}

double
clv_expected_spend(const ClvModel *model, const SampleSpend *spend)
{
	if (model->spend_of == CLV_SPEND_MEANS)
		return gammagamma_expected(model->spend, spend->days - 1, spend->again);
	return gammagamma_expected(model->spend, spend->kept, spend->sum) *
		   (model->flags & CLV_HAS_KEPT ? kept_share(model->kept, spend->kept, spend->days) : 1);
}

double
clv_expected_spend_of_summary(const ClvModel *model, const BtydSummary *summary)
{
	double share = model->flags & CLV_HAS_KEPT ? kept_share(model->kept, 0, 0) : 1;

	return share * gammagamma_expected(model->spend, share * summary->frequency,
									   summary->frequency * summary->mean_spend);
}

double
clv_interval_days(const Interval *interval, const char *what)
{
	double days = interval_days(interval);

	if (!(days >= 0))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("%s must be finite and not negative, not %s", what,
							   DatumGetCString(DirectFunctionCall1(interval_out,
																   IntervalPGetDatum(interval))))));
	return days;
}

/*
 * From JSON. Each reader returns false after a soft error.
 */

static bool
complain(Node *escontext, const char *path, const char *should)
{
	(void) escontext;
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("clv_model: \"%s\" must be %s", path, should)));
}

static bool
complain_range(Node *escontext, const char *path, const char *should, double value)
{
	(void) escontext;
	ereturn(escontext, false,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("clv_model: \"%s\" must be %s, not %g", path, should, value)));
}

/* A member that is there and not null. */
static bool
member(JsonbContainer *object, const char *name, JsonbValue *value)
{
	return getKeyJsonValueFromContainer(object, name, (int) strlen(name), value) != NULL &&
		   value->type != jbvNull;
}

/* Refuses members that are not among the names. */
static bool
check_members(JsonbContainer *object, const char *path, const char *const *names, int count,
			  const char *extra, Node *escontext)
{
	JsonbIterator *iterator = JsonbIteratorInit(object);
	JsonbValue value;
	JsonbIteratorToken token;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		bool known = token != WJB_KEY;

		for (int i = 0; !known && i < count; i++)
			known = (int) strlen(names[i]) == value.val.string.len &&
					memcmp(names[i], value.val.string.val, value.val.string.len) == 0;
		if (!known && extra)
			known = (int) strlen(extra) == value.val.string.len &&
					memcmp(extra, value.val.string.val, value.val.string.len) == 0;
		if (!known)
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("clv_model: unknown member \"%s%.*s\"", path, value.val.string.len,
							value.val.string.val)));
	}
	return true;
}

/* A member that is an object; *object is NULL if it is not there. */
static bool
read_object(JsonbContainer *parent, const char *name, JsonbContainer **object, Node *escontext)
{
	JsonbValue value;

	*object = NULL;
	if (!member(parent, name, &value))
		return true;
	if (value.type != jbvBinary || !JsonContainerIsObject(value.val.binary.data))
		return complain(escontext, name, "an object");
	*object = value.val.binary.data;
	return true;
}

/* A number, NAN if it is not there. */
static bool
read_number(JsonbContainer *object, const char *path, const char *name, double *result,
			Node *escontext)
{
	JsonbValue value;

	*result = NAN;
	if (!member(object, name, &value))
		return true;
	if (value.type != jbvNumeric)
		return complain(escontext, psprintf("%s%s", path, name), "a number");
	*result = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(value.val.numeric)));
	if (!isfinite(*result))
		return complain_range(escontext, psprintf("%s%s", path, name), "finite", *result);
	return true;
}

/* A count; *found tells whether it is there. */
static bool
read_count(JsonbContainer *object, const char *path, const char *name, int64 *result, bool *found,
		   Node *escontext)
{
	double number;

	if (!read_number(object, path, name, &number, escontext))
		return false;
	*found = !isnan(number);
	if (*found && (number < 0 || number > 9e15 || number != floor(number)))
		return complain_range(escontext, psprintf("%s%s", path, name), "a whole number from 0 on",
							  number);
	*result = *found ? (int64) number : 0;
	return true;
}

/* All parameters, each positive. */
static bool
read_parameters(JsonbContainer *object, const char *path, const char *const *names, int count,
				double *theta, Node *escontext)
{
	for (int i = 0; i < count; i++)
	{
		if (!read_number(object, path, names[i], &theta[i], escontext))
			return false;
		if (isnan(theta[i]))
			ereturn(escontext, false,
					(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
					 errmsg("clv_model: parameter \"%s%s\" is missing", path, names[i])));
		if (theta[i] <= 0)
			return complain_range(escontext, psprintf("%s%s", path, names[i]), "greater than 0",
								  theta[i]);
		if (theta[i] < LEAST_PARAMETER || theta[i] > GREATEST_PARAMETER)
			return complain_range(escontext, psprintf("%s%s", path, names[i]),
								  "between 1e-15 and 1e15", theta[i]);
	}
	return true;
}

/* k, of models that have it: a whole number */
static bool
read_phases(JsonbContainer *object, const ClvKindInfo *info, ClvModel *model, Node *escontext)
{
	double *k = &model->theta[METHOD_K];

	if (!has_phases(info))
		return true;
	if (!read_number(object, "params.", phases_parameter, k, escontext))
		return false;
	if (isnan(*k))
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("clv_model: parameter \"params.%s\" is missing", phases_parameter)));
	if (*k < 1 || *k > METHOD_MOST_PHASES || *k != floor(*k))
		return complain_range(escontext, "params.k", "a whole number from 1 to 12", *k);
	return true;
}

static bool
read_std_errors(JsonbContainer *object, const char *path, const char *const *names, int count,
				double *std_error, Node *escontext)
{
	if (!check_members(object, path, names, count, NULL, escontext))
		return false;
	for (int i = 0; i < count; i++)
	{
		if (!read_number(object, path, names[i], &std_error[i], escontext))
			return false;
		if (std_error[i] < 0)
			return complain_range(escontext, psprintf("%s%s", path, names[i]), "at least 0",
								  std_error[i]);
	}
	return true;
}

/* A matrix that can be a covariance: symmetric, and no combination has a negative variance. */
static bool
can_be_covariance(int n, const double *covariance)
{
	double matrix[FIT_PARAMETERS][FIT_PARAMETERS];
	double values[FIT_PARAMETERS], vectors[FIT_PARAMETERS][FIT_PARAMETERS];
	double scale = 0;

	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
		{
			if (covariance[i * n + j] != covariance[j * n + i])
				return false;
			scale = fmax(scale, fabs(covariance[i * n + j]));
		}
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			matrix[i][j] = scale > 0 ? covariance[i * n + j] / scale : 0;
	fit_eigen(n, matrix, values, vectors);
	for (int i = 0; i < n; i++)
		if (values[i] < -1e-9)
			return false;
	return true;
}

/* The member "covariance", an array of rows, put one behind the other; *found tells whether it is there. */
static bool
read_rows(JsonbContainer *object, const char *path, int n, double *covariance, bool *found,
		  Node *escontext)
{
	static const char *const should =
		"a symmetric, positive semidefinite matrix of finite numbers, written as an array of rows";
	JsonbValue value;
	JsonbContainer *rows;

	*found = member(object, "covariance", &value);
	if (!*found)
		return true;
	path = psprintf("%scovariance", path);
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data) ||
		(int) JsonContainerSize(value.val.binary.data) != n)
		return complain(escontext, path, should);
	rows = value.val.binary.data;
	for (int i = 0; i < n; i++)
	{
		JsonbValue *row = getIthJsonbValueFromContainer(rows, i);

		if (row->type != jbvBinary || !JsonContainerIsArray(row->val.binary.data) ||
			(int) JsonContainerSize(row->val.binary.data) != n)
			return complain(escontext, path, should);
		for (int j = 0; j < n; j++)
		{
			JsonbValue *number = getIthJsonbValueFromContainer(row->val.binary.data, j);

			if (number->type != jbvNumeric)
				return complain(escontext, path, should);
			covariance[i * n + j] = DatumGetFloat8(DirectFunctionCall1(
				numeric_float8_no_overflow, NumericGetDatum(number->val.numeric)));
			if (!isfinite(covariance[i * n + j]))
				return complain(escontext, path, should);
		}
	}
	return can_be_covariance(n, covariance) || complain(escontext, path, should);
}

/* The same of at most JET_PARAMETERS. */
static bool
read_covariance(JsonbContainer *object, const char *path, int n,
				double covariance[][JET_PARAMETERS], bool *found, Node *escontext)
{
	double rows[JET_PARAMETERS * JET_PARAMETERS];

	if (!read_rows(object, path, n, rows, found, escontext))
		return false;
	for (int i = 0; *found && i < n; i++)
		memcpy(covariance[i], rows + i * n, n * sizeof(double));
	return true;
}

/* The names of the parameters that covariates change. */
static void
effect_names(const ClvKindInfo *info, const char **names)
{
	const CovariateEffects *effects = covariate_effects(info->method);

	for (int e = 0; e < effects->count; e++)
		names[e] = info->parameter[effects->parameter[e]];
}

/* An array of so many numbers, where *n is not 0, and else as many as there are; null is NAN if it may be. */
static bool
read_array(JsonbContainer *object, const char *path, const char *name, int *n, bool null_good,
		   double *numbers, Node *escontext)
{
	JsonbValue value;
	JsonbContainer *array;
	int length;
	const char *should;

	path = psprintf("%s%s", path, name);
	should = *n > 0 ? psprintf("an array of %d finite number%s", *n, *n == 1 ? "" : "s")
					: psprintf("an array of 1 to %d finite numbers", MOST_COVARIATES);
	if (!member(object, name, &value) || value.type != jbvBinary ||
		!JsonContainerIsArray(value.val.binary.data))
		return complain(escontext, path, should);
	array = value.val.binary.data;
	length = (int) JsonContainerSize(array);
	if (*n > 0 ? length != *n : length < 1 || length > MOST_COVARIATES)
		return complain(escontext, path, should);
	*n = length;
	for (int i = 0; i < length; i++)
	{
		JsonbValue *number = getIthJsonbValueFromContainer(array, i);

		numbers[i] = NAN;
		if (null_good && number->type == jbvNull)
			continue;
		if (number->type != jbvNumeric)
			return complain(escontext, path, should);
		numbers[i] = DatumGetFloat8(DirectFunctionCall1(numeric_float8_no_overflow,
														NumericGetDatum(number->val.numeric)));
		if (!isfinite(numbers[i]) || (null_good && numbers[i] < 0))
			return complain(escontext, path, should);
	}
	return true;
}

/* The member "covariates": coefficients by the parameter that they change, and their standard errors.
 * *model may move. */
static bool
read_covariates(JsonbContainer *root, ClvModel **model, Node *escontext)
{
	const ClvKindInfo *info = &clv_kinds[(*model)->kind];
	const CovariateEffects *effects = covariate_effects(info->method);
	const char *names[MOST_EFFECTS];
	double numbers[MOST_COEFFICIENTS];
	JsonbContainer *covariates, *std_errors;
	int n = 0;

	if (!read_object(root, "covariates", &covariates, escontext))
		return false;
	if (covariates == NULL)
		return true;
	if (effects->count == 0)
		ereturn(escontext, false,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("clv_model: a model %s has no covariates", info->name)));
	effect_names(info, names);
	if (!check_members(covariates, "covariates.", names, effects->count, "std_errors", escontext) ||
		!read_object(covariates, "std_errors", &std_errors, escontext))
		return false;
	for (int e = 0; e < effects->count; e++)
		if (!read_array(covariates, "covariates.", names[e], &n, false, numbers + e * n, escontext))
			return false;
	*model = clv_model_with_covariates(*model, n);
	memcpy(clv_model_coefficient(*model), numbers, effects->count * n * sizeof(double));
	for (int i = 0; i < effects->count * n; i++)
		clv_model_coefficient_error(*model)[i] = NAN;
	if (std_errors == NULL)
		return true;
	if (!check_members(std_errors, "covariates.std_errors.", names, effects->count, NULL, escontext))
		return false;
	for (int e = 0; e < effects->count; e++)
		if (!read_array(std_errors, "covariates.std_errors.", names[e], &n, true,
						clv_model_coefficient_error(*model) + e * n, escontext))
			return false;
	return true;
}

/* What the spend model is of: of the means where it is not said, as in the papers. */
static bool
read_spend_of(JsonbContainer *spend, ClvModel *model, Node *escontext)
{
	JsonbValue value;

	model->spend_of = CLV_SPEND_MEANS;
	if (!member(spend, "of", &value))
		return true;
	for (int of = 0; of < (int) lengthof(spend_of_names); of++)
		if (value.type == jbvString && (int) strlen(spend_of_names[of]) == value.val.string.len &&
			memcmp(spend_of_names[of], value.val.string.val, value.val.string.len) == 0)
		{
			model->spend_of = (uint8) of;
			return true;
		}
	return complain(escontext, "spend.of", "\"orders\" or \"means\"");
}

static bool
read_kept(JsonbContainer *spend, ClvModel *model, Node *escontext)
{
	JsonbContainer *kept;

	if (!read_object(spend, "kept", &kept, escontext))
		return false;
	if (kept == NULL)
		return true;
	if (model->spend_of != CLV_SPEND_ORDERS)
		return complain(escontext, "spend.kept", "in a spend model of orders");
	model->flags |= CLV_HAS_KEPT;
	return check_members(kept, "spend.kept.", kept_parameter, KEPT_PARAMETERS, NULL, escontext) &&
		   read_parameters(kept, "spend.kept.", kept_parameter, KEPT_PARAMETERS, model->kept,
						   escontext);
}

static bool
read_spend(JsonbContainer *spend, ClvModel *model, Node *escontext)
{
	static const char *const names[] = {"of", "p", "q", "v",
										"kept", "loglik", "customers", "covariance"};
	JsonbContainer *std_errors;
	bool found;

	if (!check_members(spend, "spend.", names, lengthof(names), "std_errors", escontext) ||
		!read_spend_of(spend, model, escontext) ||
		!read_parameters(spend, "spend.", spend_parameter, GAMMAGAMMA_PARAMETERS, model->spend,
						 escontext) ||
		!read_kept(spend, model, escontext) ||
		!read_number(spend, "spend.", "loglik", &model->spend_loglik, escontext) ||
		!read_count(spend, "spend.", "customers", &model->spend_customers, &found, escontext) ||
		!read_object(spend, "std_errors", &std_errors, escontext))
		return false;
	model->flags |= CLV_HAS_SPEND;
	if (!isnan(model->spend_loglik))
		model->flags |= CLV_HAS_SPEND_LOGLIK;
	if (found)
		model->flags |= CLV_HAS_SPEND_CUSTOMERS;
	if (!read_covariance(spend, "spend.", GAMMAGAMMA_PARAMETERS, model->spend_covariance, &found,
						 escontext))
		return false;
	if (found)
		model->flags |= CLV_HAS_SPEND_COVARIANCE;
	if (std_errors)
	{
		model->flags |= CLV_HAS_SPEND_STD_ERRORS;
		return read_std_errors(std_errors, "spend.std_errors.", spend_parameter,
							   GAMMAGAMMA_PARAMETERS, model->spend_std_error, escontext);
	}
	return true;
}

static bool
read_as_of(JsonbContainer *root, ClvModel *model, Node *escontext)
{
	JsonbValue value;
	int year, month, day, used = 0;
	char text[11];

	if (!member(root, "as_of", &value))
		return true;
	if (value.type != jbvString || value.val.string.len != 10)
		return complain(escontext, "as_of", "a date YYYY-MM-DD");
	memcpy(text, value.val.string.val, 10);
	text[10] = '\0';
	if (sscanf(text, "%4d-%2d-%2d%n", &year, &month, &day, &used) != 3 || used != 10 || year < 1 ||
		month < 1 || month > 12 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return complain(escontext, "as_of", "a date YYYY-MM-DD");
	model->as_of = date2j(year, month, day) - POSTGRES_EPOCH_JDATE;
	model->flags |= CLV_HAS_AS_OF;
	return true;
}

/* Appends to *model, which may move. */
static bool
read_notes(JsonbContainer *root, ClvModel **model, Node *escontext)
{
	JsonbValue value;
	JsonbContainer *notes;

	if (!member(root, "notes", &value))
		return true;
	if (value.type != jbvBinary || !JsonContainerIsArray(value.val.binary.data))
		return complain(escontext, "notes", "an array of strings");
	notes = value.val.binary.data;
	for (uint32 i = 0; i < JsonContainerSize(notes); i++)
	{
		JsonbValue *note = getIthJsonbValueFromContainer(notes, i);

		if (note->type != jbvString)
			return complain(escontext, "notes", "an array of strings");
		if ((*model)->notes_length + note->val.string.len > MAX_NOTES_LENGTH)
			ereturn(escontext, false,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("clv_model: \"notes\" must not be longer than %d bytes",
							MAX_NOTES_LENGTH)));
		*model = clv_model_add_note(*model, pnstrdup(note->val.string.val, note->val.string.len));
	}
	return true;
}

/* NULL after a soft error */
static ClvModel *
model_from_jsonb(Jsonb *jsonb, Node *escontext)
{
	static const char *const names[] = {"model",     "params",    "std_errors", "loglik",
										"customers", "unit_days", "as_of",      "spend",
										"converged", "notes",     "covariance", "covariates"};
	JsonbContainer *root = &jsonb->root;
	JsonbContainer *params, *std_errors, *spend;
	JsonbValue value;
	ClvModel *model;
	const ClvKindInfo *info;
	int kind;
	bool found;

	if (!JsonContainerIsObject(root))
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("a clv_model is written as a JSON object")));
	if (!check_members(root, "", names, lengthof(names), NULL, escontext))
		return NULL;
	if (!member(root, "model", &value) || value.type != jbvString)
	{
		complain(escontext, "model", "the name of a model");
		return NULL;
	}
	kind = find_kind(value.val.string.val, value.val.string.len);
	if (kind < 0)
		ereturn(escontext, NULL, UNKNOWN_MODEL(value.val.string.len, value.val.string.val));
	info = &clv_kinds[kind];
	model = clv_model_make((ClvKind) kind, 7);

	if (!read_object(root, "params", &params, escontext))
		return NULL;
	if (params == NULL)
	{
		complain(escontext, "params", "an object with the parameters of the model");
		return NULL;
	}
	if (!check_members(params, "params.", info->parameter, info->parameters,
					   has_phases(info) ? phases_parameter : NULL, escontext) ||
		!read_phases(params, info, model, escontext) ||
		!read_parameters(params, "params.", info->parameter, info->parameters, model->theta,
						 escontext) ||
		!read_object(root, "std_errors", &std_errors, escontext) ||
		!read_number(root, "", "loglik", &model->loglik, escontext) ||
		!read_count(root, "", "customers", &model->customers, &found, escontext))
		return NULL;
	if (std_errors)
	{
		model->flags |= CLV_HAS_STD_ERRORS;
		if (!read_std_errors(std_errors, "std_errors.", info->parameter, info->parameters,
							 model->std_error, escontext))
			return NULL;
	}
	if (!isnan(model->loglik))
		model->flags |= CLV_HAS_LOGLIK;
	if (found)
		model->flags |= CLV_HAS_CUSTOMERS;

	if (!read_covariates(root, &model, escontext))
		return NULL;
	if (model->covariates > 0
			? !read_rows(root, "", clv_model_unknowns(model), clv_model_covariance(model), &found,
						 escontext)
			: !read_covariance(root, "", info->parameters, model->covariance, &found, escontext))
		return NULL;
	if (found)
		model->flags |= CLV_HAS_COVARIANCE;

	if (!read_number(root, "", "unit_days", &model->unit_days, escontext))
		return NULL;
	if (isnan(model->unit_days))
		model->unit_days = 7;
	if (model->unit_days <= 0 || model->unit_days > GREATEST_UNIT_DAYS)
	{
		complain_range(escontext, "unit_days", "greater than 0 and at most 1e6", model->unit_days);
		return NULL;
	}

	if (!read_as_of(root, model, escontext) || !read_object(root, "spend", &spend, escontext))
		return NULL;
	if (spend && !read_spend(spend, model, escontext))
		return NULL;
	if (member(root, "converged", &value))
	{
		if (value.type != jbvBool)
		{
			complain(escontext, "converged", "true or false");
			return NULL;
		}
		model->flags |= CLV_HAS_CONVERGED | (value.val.boolean ? CLV_CONVERGED : 0);
	}
	return read_notes(root, &model, escontext) ? model : NULL;
}

ClvModel *
clv_model_parse(char *text, Node *escontext)
{
	Datum jsonb;

#if PG_VERSION_NUM >= 160000
	if (!DirectInputFunctionCallSafe(jsonb_in, text, InvalidOid, -1, escontext, &jsonb))
		return NULL;
#else
	jsonb = DirectFunctionCall1(jsonb_in, CStringGetDatum(text));
#endif
	return model_from_jsonb(DatumGetJsonbP(jsonb), escontext);
}

/*
 * To JSON: exact, and the same under all settings.
 */

static void
put_number(StringInfo out, double value)
{
	char buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	if (isnan(value))
		appendStringInfoString(out, "null");
	else
	{
		double_to_shortest_decimal_buf(value, buffer);
		appendStringInfoString(out, buffer);
	}
}

static void
put_numbers(StringInfo out, const char *const *names, const double *values, int count)
{
	for (int i = 0; i < count; i++)
	{
		appendStringInfo(out, "%s\"%s\": ", i ? ", " : "", names[i]);
		put_number(out, values[i]);
	}
}

/* n rows of n numbers that stand so far apart. */
static void
put_covariance(StringInfo out, int n, const double *covariance, int apart)
{
	appendStringInfoString(out, ", \"covariance\": [");
	for (int i = 0; i < n; i++)
	{
		appendStringInfoString(out, i ? ", [" : "[");
		for (int j = 0; j < n; j++)
		{
			if (j)
				appendStringInfoString(out, ", ");
			put_number(out, covariance[i * apart + j]);
		}
		appendStringInfoChar(out, ']');
	}
	appendStringInfoChar(out, ']');
}

static void
put_arrays(StringInfo out, const ClvModel *model, const double *numbers)
{
	const ClvKindInfo *info = &clv_kinds[model->kind];
	const char *names[MOST_EFFECTS];

	effect_names(info, names);
	for (int e = 0; e < covariate_effects(info->method)->count; e++)
	{
		appendStringInfo(out, "%s\"%s\": [", e ? ", " : "", names[e]);
		for (int c = 0; c < model->covariates; c++)
		{
			if (c)
				appendStringInfoString(out, ", ");
			put_number(out, numbers[e * model->covariates + c]);
		}
		appendStringInfoChar(out, ']');
	}
}

static void
put_covariates(StringInfo out, const ClvModel *model)
{
	bool known = false;

	appendStringInfoString(out, ", \"covariates\": {");
	put_arrays(out, model, clv_model_coefficient(model));
	for (int i = 0; i < clv_model_coefficients(model); i++)
		known |= !isnan(clv_model_coefficient_error(model)[i]);
	if (known)
	{
		appendStringInfoString(out, ", \"std_errors\": {");
		put_arrays(out, model, clv_model_coefficient_error(model));
		appendStringInfoChar(out, '}');
	}
	appendStringInfoChar(out, '}');
}

static void
put_spend(StringInfo out, const ClvModel *model)
{
	appendStringInfo(out, ", \"spend\": {\"of\": \"%s\", ", spend_of_names[model->spend_of]);
	put_numbers(out, spend_parameter, model->spend, GAMMAGAMMA_PARAMETERS);
	if (model->flags & CLV_HAS_KEPT)
	{
		appendStringInfoString(out, ", \"kept\": {");
		put_numbers(out, kept_parameter, model->kept, KEPT_PARAMETERS);
		appendStringInfoChar(out, '}');
	}
	if (model->flags & CLV_HAS_SPEND_STD_ERRORS)
	{
		appendStringInfoString(out, ", \"std_errors\": {");
		put_numbers(out, spend_parameter, model->spend_std_error, GAMMAGAMMA_PARAMETERS);
		appendStringInfoChar(out, '}');
	}
	if (model->flags & CLV_HAS_SPEND_COVARIANCE)
		put_covariance(out, GAMMAGAMMA_PARAMETERS, model->spend_covariance[0], JET_PARAMETERS);
	if (model->flags & CLV_HAS_SPEND_LOGLIK)
	{
		appendStringInfoString(out, ", \"loglik\": ");
		put_number(out, model->spend_loglik);
	}
	if (model->flags & CLV_HAS_SPEND_CUSTOMERS)
		appendStringInfo(out, ", \"customers\": " INT64_FORMAT, model->spend_customers);
	appendStringInfoChar(out, '}');
}

char *
clv_model_text(const ClvModel *model)
{
	const ClvKindInfo *info = &clv_kinds[model->kind];
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"model\": \"%s\", \"params\": {", info->name);
	if (has_phases(info))
		appendStringInfo(&out, "\"%s\": %d, ", phases_parameter, (int) model->theta[METHOD_K]);
	put_numbers(&out, info->parameter, model->theta, info->parameters);
	appendStringInfoChar(&out, '}');
	if (model->flags & CLV_HAS_STD_ERRORS)
	{
		appendStringInfoString(&out, ", \"std_errors\": {");
		put_numbers(&out, info->parameter, model->std_error, info->parameters);
		appendStringInfoChar(&out, '}');
	}
	if (model->covariates > 0)
		put_covariates(&out, model);
	if (model->flags & CLV_HAS_COVARIANCE)
	{
		if (model->covariates > 0)
			put_covariance(&out, clv_model_unknowns(model), clv_model_covariance(model),
						   clv_model_unknowns(model));
		else
			put_covariance(&out, info->parameters, model->covariance[0], JET_PARAMETERS);
	}
	if (model->flags & CLV_HAS_LOGLIK)
	{
		appendStringInfoString(&out, ", \"loglik\": ");
		put_number(&out, model->loglik);
	}
	if (model->flags & CLV_HAS_CUSTOMERS)
		appendStringInfo(&out, ", \"customers\": " INT64_FORMAT, model->customers);
	if (model->kind != CLV_SBG)
	{
		appendStringInfoString(&out, ", \"unit_days\": ");
		put_number(&out, model->unit_days);
	}
	if (model->flags & CLV_HAS_AS_OF)
	{
		int year, month, day;

		j2date(model->as_of + POSTGRES_EPOCH_JDATE, &year, &month, &day);
		appendStringInfo(&out, ", \"as_of\": \"%04d-%02d-%02d\"", year, month, day);
	}
	if (model->flags & CLV_HAS_SPEND)
		put_spend(&out, model);
	if (model->flags & CLV_HAS_CONVERGED)
		appendStringInfo(&out, ", \"converged\": %s",
						 model->flags & CLV_CONVERGED ? "true" : "false");
	if (model->notes_length > 0)
	{
		appendStringInfoString(&out, ", \"notes\": [");
		for (int at = 0; at < model->notes_length; at += (int) strlen(clv_model_notes(model) + at) + 1)
		{
			if (at > 0)
				appendStringInfoString(&out, ", ");
			escape_json(&out, clv_model_notes(model) + at);
		}
		appendStringInfoChar(&out, ']');
	}
	appendStringInfoChar(&out, '}');
	return out.data;
}

/*
 * clv_model_in(cstring) returns clv_model
 */
Datum
clv_model_in(PG_FUNCTION_ARGS)
{
	ClvModel *model = clv_model_parse(PG_GETARG_CSTRING(0), fcinfo->context);

	if (model == NULL)
		PG_RETURN_NULL();
	PG_RETURN_POINTER(model);
}

/*
 * clv_model_out(clv_model) returns cstring
 */
Datum
clv_model_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(clv_model_text(PG_GETARG_ANY_CLV_MODEL(0)));
}

/*
 * clv_model_recv(internal) returns clv_model
 *
 * A version byte and the text form: models travel one by one, and so every byte is checked.
 */
Datum
clv_model_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int version = pq_getmsgbyte(message);
	char *text;
	int length;

	if (version != CLV_MODEL_VERSION)
		ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
						errmsg("unsupported version %d of clv_model", version)));
	text = pq_getmsgtext(message, message->len - message->cursor, &length);
	PG_RETURN_POINTER(clv_model_parse(text, NULL));
}

/*
 * clv_model_send(clv_model) returns bytea
 */
Datum
clv_model_send(PG_FUNCTION_ARGS)
{
	char *text = clv_model_text(PG_GETARG_ANY_CLV_MODEL(0));
	StringInfoData message;

	pq_begintypsend(&message);
	pq_sendbyte(&message, CLV_MODEL_VERSION);
	pq_sendtext(&message, text, (int) strlen(text));
	PG_RETURN_BYTEA_P(pq_endtypsend(&message));
}

/*
 * clv_model_from_jsonb(jsonb) returns clv_model
 */
Datum
clv_model_from_jsonb(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(model_from_jsonb(PG_GETARG_JSONB_P(0), NULL));
}

/*
 * clv_model_to_jsonb(clv_model) returns jsonb
 */
Datum
clv_model_to_jsonb(PG_FUNCTION_ARGS)
{
	char *text = clv_model_text(PG_GETARG_ANY_CLV_MODEL(0));

	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(text)));
}

/*
 * Models are equal if their texts are, which are exact: their bytes may differ in members that are not there.
 */
static int
clv_model_compare(FunctionCallInfo fcinfo)
{
	char *a = clv_model_text(PG_GETARG_ANY_CLV_MODEL(0));
	char *b = clv_model_text(PG_GETARG_ANY_CLV_MODEL(1));
	int order = compare_bytes(a, strlen(a), b, strlen(b));

	pfree(a);
	pfree(b);
	return order;
}

COMPARISONS(clv_model);

/*
 * clv_model_hash(clv_model) returns int
 */
Datum
clv_model_hash(PG_FUNCTION_ARGS)
{
	const char *text = clv_model_text(PG_GETARG_ANY_CLV_MODEL(0));

	return hash_any((const unsigned char *) text, (int) strlen(text));
}

/*
 * clv_model_hash_extended(clv_model, seed bigint) returns bigint
 */
Datum
clv_model_hash_extended(PG_FUNCTION_ARGS)
{
	const char *text = clv_model_text(PG_GETARG_ANY_CLV_MODEL(0));

	return hash_any_extended((const unsigned char *) text, (int) strlen(text),
							 (uint64) PG_GETARG_INT64(1));
}
