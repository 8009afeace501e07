/*
 * classify.c
 *	  Where a customer stands: basis, class and segment, by what is in force in a base. The one
 *	  definition that writers, rebalance, verify and simulate share.
 */
#include "base/classify.h"

#include "access/htup_details.h"
#include <math.h>

#include "executor/executor.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "segment/rules_type.h"
#include "support/compat.h"
#include "value/value.h"

PG_FUNCTION(customer_value_classify);
PG_FUNCTION(customer_value_basis_of);
PG_FUNCTION(customer_value_money);

/* the functions of the other subjects that say the parts of it */
extern Datum abc_class_of_previous(PG_FUNCTION_ARGS);
extern Datum clv_ledger(PG_FUNCTION_ARGS);
extern Datum customer_value_amount(PG_FUNCTION_ARGS);
extern Datum customer_value_due_day(PG_FUNCTION_ARGS);
extern Datum customer_value_facts(PG_FUNCTION_ARGS);
extern Datum customer_value_last_day(PG_FUNCTION_ARGS);
extern Datum customer_value_last_order(PG_FUNCTION_ARGS);
extern Datum customer_value_margin(PG_FUNCTION_ARGS);
extern Datum customer_value_orders(PG_FUNCTION_ARGS);

#define STANDING_COLUMNS 5

typedef enum Basis
{
	BASIS_AMOUNT,
	BASIS_MARGIN,
	BASIS_ORDERS,
	BASIS_CLV
} Basis;

struct Classifier
{
	MemoryContext context;    /* all of this */
	HeapTupleHeader in_force; /* a copy, which the datums below point into */
	Size size;

	Basis basis;
	NullableDatum period;
	NullableDatum since;
	DateADT as_of;
	NullableDatum cutoffs;
	NullableDatum last_class;
	NullableDatum rules;
	bool trailing_year;
	NullableDatum model;
	Datum hysteresis;

	/* they keep what they have opened from call to call */
	FmgrInfo clv;
	FmgrInfo class_of;
	FmgrInfo segment;
	FmgrInfo score;

	TupleDesc columns; /* of the SQL function's result */
};

static NullableDatum
attribute(HeapTupleHeader in_force, const char *name)
{
	NullableDatum result;

	result.value = GetAttributeByName(in_force, name, &result.isnull);
	return result;
}

static Basis
basis_named(const char *name)
{
	static const char *const names[] = {[BASIS_AMOUNT] = "amount",
										[BASIS_MARGIN] = "margin",
										[BASIS_ORDERS] = "orders",
										[BASIS_CLV] = "clv"};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(name, names[i]) == 0)
			return (Basis) i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown basis \"%s\"", name)));
}

static void
prepare(FmgrInfo *function, PGFunction address, int arguments, MemoryContext context)
{
	memset(function, 0, sizeof(*function));
	function->fn_addr = address;
	function->fn_nargs = arguments;
	function->fn_mcxt = context;
}

/*
 * classifier_make
 *
 * Opens what is in force, a value of the type customer_value_internal.in_force, for use. All of it is in
 * a context of its own below the given one. An error if it cannot be used.
 */
Classifier *
classifier_make(HeapTupleHeader in_force, MemoryContext context)
{
	MemoryContext own =
		AllocSetContextCreate(context, "customer_value classifier", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(own);
	Classifier *c = palloc0(sizeof(Classifier));
	NullableDatum basis;

	c->context = own;
	c->size = HeapTupleHeaderGetDatumLength(in_force);
	c->in_force = palloc(c->size);
	memcpy(c->in_force, in_force, c->size);

	basis = attribute(c->in_force, "basis");
	if (basis.isnull)
		ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("basis must not be null")));
	c->basis = basis_named(TextDatumGetCString(basis.value));
	c->period = attribute(c->in_force, "period");
	c->since = attribute(c->in_force, "since");
	c->as_of = DatumGetDateADT(attribute(c->in_force, "as_of").value);
	c->cutoffs = attribute(c->in_force, "cutoffs");
	c->last_class = attribute(c->in_force, "last_class");
	c->rules = attribute(c->in_force, "rules");
	c->trailing_year = DatumGetBool(attribute(c->in_force, "trailing_year").value);
	c->model = attribute(c->in_force, "model");
	c->hysteresis = attribute(c->in_force, "hysteresis").value;

	prepare(&c->clv, clv_ledger, 6, own);
	prepare(&c->class_of, abc_class_of_previous, 4, own);
	prepare(&c->segment, segment_of_any, 3, own);
	prepare(&c->score, segment_score_any, 2, own);
	MemoryContextSwitchTo(caller);
	return c;
}

/*
 * classifier_in_force
 *
 * What it was made of; good as long as the classifier is.
 */
HeapTupleHeader
classifier_in_force(const Classifier *classifier)
{
	return classifier->in_force;
}

/*
 * classifier_retire
 *
 * Frees a classifier at the end of the transaction: until then it may be at work further up, where
 * triggers fire triggers.
 */
void
classifier_retire(Classifier *classifier)
{
	MemoryContextSetParent(classifier->context, TopTransactionContext);
}

/* Calls a function whose arguments or result may be NULL. */
static NullableDatum
call(FmgrInfo *function, const NullableDatum *arguments)
{
	LOCAL_FCINFO(fcinfo, FUNC_MAX_ARGS);
	NullableDatum result;

	InitFunctionCallInfoData(*fcinfo, function, function->fn_nargs, InvalidOid, NULL, NULL);
	memcpy(fcinfo->args, arguments, function->fn_nargs * sizeof(NullableDatum));
	result.value = FunctionCallInvoke(fcinfo);
	result.isnull = fcinfo->isnull;
	return result;
}

static NullableDatum
call_once(PGFunction address, const NullableDatum *arguments, int n)
{
	FmgrInfo function;

	prepare(&function, address, n, CurrentMemoryContext);
	return call(&function, arguments);
}

static NullableDatum
no_datum(void)
{
	return (NullableDatum){.isnull = true};
}

static NullableDatum
some_datum(Datum value)
{
	return (NullableDatum){.value = value};
}

/* What a figure of the ledger is in the period that counts, 0 where it is not known. */
static Datum
figure(PGFunction address, Datum ledger, NullableDatum since)
{
	NullableDatum arguments[] = {some_datum(ledger), since, no_datum()};
	NullableDatum result = call_once(address, arguments, lengthof(arguments));

	return result.isnull ? NumericGetDatum(int64_to_numeric(0)) : result.value;
}

/* The base day or, where the ledger's is later, that day. */
static DateADT
day_of_view(const Classifier *c, NullableDatum last)
{
	return last.isnull ? c->as_of : Max(c->as_of, DatumGetDateADT(last.value));
}

/*
 * The value that a model expects as a basis: rounded to the 9 fractional digits of ledgers, at most 10^21,
 * as much as ledgers hold with these; 0 where there is none.
 */
static Datum
money(NullableDatum value)
{
	double amount = value.isnull ? 0 : DatumGetFloat8(value.value);

	if (isnan(amount))
		amount = 0;
	amount = Max(Min(amount, 1e21), -1e21);
	return DirectFunctionCall1(
		numeric_trim_scale,
		DirectFunctionCall2(numeric_round,
							DirectFunctionCall1(float8_numeric, Float8GetDatum(amount)),
							Int32GetDatum(9)));
}

/* customer_value_internal.money(value float8) returns numeric */
Datum
customer_value_money(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(money(fcinfo->args[0]));
}

static Datum
lifetime_value(Classifier *c, Datum ledger)
{
	static const Interval year = {.month = MONTHS_PER_YEAR};
	NullableDatum whole[] = {some_datum(ledger), no_datum(), no_datum()};
	DateADT as_of = day_of_view(c, call_once(customer_value_last_order, whole, lengthof(whole)));
	NullableDatum arguments[] = {some_datum(ledger),
								 c->model,
								 some_datum(IntervalPGetDatum(&year)),
								 some_datum(Float8GetDatum(0.10)),
								 some_datum(Float8GetDatum(1.0)),
								 some_datum(DateADTGetDatum(as_of))};

	return money(call(&c->clv, arguments));
}

static Datum
basis_of(Classifier *c, Datum ledger)
{
	switch (c->basis)
	{
		case BASIS_AMOUNT:
			return figure(customer_value_amount, ledger, c->since);
		case BASIS_MARGIN:
			return figure(customer_value_margin, ledger, c->since);
		case BASIS_ORDERS:
		{
			NullableDatum arguments[] = {some_datum(ledger), c->since, no_datum()};

			return NumericGetDatum(int64_to_numeric(DatumGetInt64(
				call_once(customer_value_orders, arguments, lengthof(arguments)).value)));
		}
		case BASIS_CLV:
			return lifetime_value(c, ledger);
	}
	elog(ERROR, "unexpected basis %d", (int) c->basis);
}

/* The facts of the ledger as of a day, with further facts laid over them. */
static Datum
all_facts(Datum ledger, DateADT as_of, NullableDatum facts)
{
	Datum own = DirectFunctionCall2(customer_value_facts, ledger, DateADTGetDatum(as_of));

	if (facts.isnull || !JB_ROOT_IS_OBJECT(DatumGetJsonbP(facts.value))) /* no names, no facts */
		return own;
	return DirectFunctionCall2(jsonb_concat, own, facts.value);
}

/*
 * classify
 *
 * Where a customer stands: from the ledger (a customer_value), further facts (jsonb), the class and the
 * segment so far, and a segment set by hand, which goes before that of the rules.
 *
 * The basis counts from the first day of the period on; a margin without any known cost is 0. Facts are those
 * of the base day or, if that is later, of the last day of the ledger; a lifetime value is that of the base
 * day or the last order, rounded as money is, and that of a customer without orders is 0.
 */
void
classify(Classifier *c, Datum ledger, NullableDatum facts, NullableDatum previous_class,
		 NullableDatum previous_segment, NullableDatum override, Standing *standing)
{
	DateADT last = 0;

	standing->basis = some_datum(basis_of(c, ledger));
	standing->abc_class = c->last_class;
	if (!c->cutoffs.isnull)
	{
		NullableDatum arguments[] = {standing->basis, c->cutoffs, previous_class,
									 some_datum(c->hysteresis)};
		NullableDatum class = call(&c->class_of, arguments);

		if (!class.isnull)
			standing->abc_class = class;
	}

	if (!c->rules.isnull || c->trailing_year)
	{
		NullableDatum whole = some_datum(ledger);

		last = day_of_view(c, call_once(customer_value_last_day, &whole, 1));
	}
	standing->score = no_datum();
	standing->segment = override;
	if (!c->rules.isnull)
	{
		NullableDatum arguments[] = {some_datum(all_facts(ledger, last, facts)), c->rules,
									 previous_segment};

		standing->score = call(&c->score, arguments);
		if (override.isnull)
			standing->segment = call(&c->segment, arguments);
	}

	standing->due = no_datum();
	if (!c->period.isnull || c->trailing_year)
	{
		NullableDatum arguments[] = {some_datum(ledger), c->since, c->period,
									 c->trailing_year ? some_datum(DateADTGetDatum(last))
													  : no_datum()};

		standing->due = call_once(customer_value_due_day, arguments, lengthof(arguments));
	}
}

/* The classifier of an argument, which as a rule is the same in every call. */
static Classifier *
get_classifier(FunctionCallInfo fcinfo, int n)
{
	Classifier *c = fcinfo->flinfo->fn_extra;
	HeapTupleHeader in_force = PG_GETARG_HEAPTUPLEHEADER(n);

	if (c != NULL && c->size == HeapTupleHeaderGetDatumLength(in_force) &&
		memcmp(c->in_force, in_force, c->size) == 0)
		return c;
	fcinfo->flinfo->fn_extra = NULL;
	if (c != NULL)
		MemoryContextDelete(c->context);
	return fcinfo->flinfo->fn_extra = classifier_make(in_force, fcinfo->flinfo->fn_mcxt);
}

/* The columns of the result, found out once. */
static TupleDesc
get_columns(FunctionCallInfo fcinfo, Classifier *c)
{
	if (c->columns == NULL)
	{
		MemoryContext caller = MemoryContextSwitchTo(c->context);

		if (get_call_result_type(fcinfo, NULL, &c->columns) != TYPEFUNC_COMPOSITE)
			elog(ERROR, "classify must return a row");
		c->columns = BlessTupleDesc(c->columns);
		MemoryContextSwitchTo(caller);
	}
	return c->columns;
}

static NullableDatum
get_argument(FunctionCallInfo fcinfo, int n)
{
	return fcinfo->args[n];
}

/*
 * customer_value_internal.classify(ledger customer_value, facts jsonb, previous_class text,
 * previous_segment text, force customer_value_internal.in_force, override text)
 *	  returns (basis numeric, abc_class text, score float8, segment text, due date)
 *
 * Where a customer stands; NULL where ledger or force is NULL.
 */
Datum
customer_value_classify(PG_FUNCTION_ARGS)
{
	Classifier *classifier;
	Standing standing;
	Datum values[STANDING_COLUMNS];
	bool nulls[STANDING_COLUMNS];

	if (PG_ARGISNULL(0) || PG_ARGISNULL(4))
		PG_RETURN_NULL();
	classifier = get_classifier(fcinfo, 4);
	classify(classifier, PG_GETARG_DATUM(0), get_argument(fcinfo, 1), get_argument(fcinfo, 2),
			 get_argument(fcinfo, 3), get_argument(fcinfo, 5), &standing);

	for (int i = 0; i < STANDING_COLUMNS; i++)
	{
		const NullableDatum *figures = &standing.basis;

		values[i] = figures[i].value;
		nulls[i] = figures[i].isnull;
	}
	PG_RETURN_DATUM(
		HeapTupleGetDatum(heap_form_tuple(get_columns(fcinfo, classifier), values, nulls)));
}

/*
 * customer_value_internal.basis_of(ledger customer_value, force customer_value_internal.in_force) returns numeric
 *
 * The basis alone.
 */
Datum
customer_value_basis_of(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(basis_of(get_classifier(fcinfo, 1), PG_GETARG_DATUM(0)));
}
