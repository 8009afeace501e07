/*
 * rfm.c
 *	  Recency, frequency and monetary value: scores by quantile, and their named segments.
 *
 * A score is 1 + the number of cut-points below the value, the cut-points being the quantiles at
 * i/bins of type 7 (Hyndman & Fan 1996), as percentile_cont has them: with n values and
 * h = (n - 1) * i / bins the quantile lies on x[floor(h)], the values sorted and counted from 0, or
 * between it and the next one, below that. So a value of the set is above the cut-point exactly if
 * it is greater than x[floor(h)]: no quantile has to be computed, and nothing is rounded or sorted.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "windowapi.h"

#include "support/compat.h"
#include "support/partition_scan.h"
#include "support/select.h"
#include "support/values.h"

#define MAX_BINS 1000

PG_FUNCTION(rfm_score_numeric);
PG_FUNCTION(rfm_score_int8);
PG_FUNCTION(rfm_score_float8);
PG_FUNCTION(rfm_segment);

/* What is kept of a window partition once its values have been seen. */
typedef struct Partition
{
	bool seen;
	int bins;  /* 0: was NULL */
	int scale; /* of the keys, as in Values */
	int cuts;
	wide *cut;         /* keys that a value has to exceed, rising */
	Numeric *long_cut; /* the same where the partition's values need more than 38 digits */
} Partition;

/* All values of the partition, in whatever order. */
static void
read_values(WindowObject window, ValueKind kind, Values *values)
{
	PartitionScan scan;
	Datum value;

	partition_scan_begin(&scan, window, 0);
	while (partition_scan_next(&scan, &value))
	{
		if (kind == VALUE_NUMERIC)
		{
			Decimal decimal;

			if (values_read_numeric(value, &decimal))
				values_append_decimal(values, decimal);
			else
				values_append_long(values, DatumGetNumeric(value));
		}
		else if (kind == VALUE_INT8)
			values_append_int64(values, DatumGetInt64(value));
		else
			values_append_float8(values, values_read_float8(DatumGetFloat8(value)));
	}
}

/* The server's comparison, for qsort and alone. */
static int
compare_numerics(const void *a, const void *b, void *unused)
{
	(void) unused;
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, NumericGetDatum(*(const Numeric *) a),
											 NumericGetDatum(*(const Numeric *) b)));
}

static void
find_long_cuts(Partition *partition, Values *values, MemoryContext context)
{
	MemoryContext caller = MemoryContextSwitchTo(context);

	qsort_interruptible(values->keys.longs, values->count, sizeof(Numeric), compare_numerics, NULL);
	partition->cuts = partition->bins - 1;
	partition->long_cut = palloc(sizeof(Numeric) * (partition->cuts + 1));
	for (int i = 0; i < partition->cuts; i++)
	{
		size_t place = (size_t) ((wide) (values->count - 1) * (i + 1) / partition->bins);

		partition->long_cut[i] = DatumGetNumericCopy(NumericGetDatum(values->keys.longs[place]));
	}
	MemoryContextSwitchTo(caller);
}

static void
find_cuts(Partition *partition, Values *values, MemoryContext context)
{
	int cuts = partition->bins - 1;
	wide *thresholds = palloc(sizeof(wide) * (cuts + 1));
	int64 *narrow = palloc(sizeof(int64) * (cuts + 1));

	partition->scale = values->scale;
	if (values->count == 0 || cuts == 0)
		return;
	partition->cut = MemoryContextAlloc(context, sizeof(wide) * cuts);
	partition->cuts = cuts;

	/* selection counts from the largest, so the highest cut-point comes first */
	for (int i = 0; i < cuts; i++)
		thresholds[i] =
			values->count - (size_t) ((wide) (values->count - 1) * (cuts - i) / partition->bins);
	if (values->is_wide)
		select_wide_by_count(values->keys.wides, values->count, thresholds, cuts, partition->cut,
							 values_pause);
	else
	{
		select_narrow_by_count(values->keys.narrow, values->count, thresholds, cuts, narrow,
							   values_pause);
		for (int i = 0; i < cuts; i++)
			partition->cut[i] = narrow[i];
	}
	for (int i = 0; i < cuts / 2; i++)
	{
		wide swap = partition->cut[i];

		partition->cut[i] = partition->cut[cuts - 1 - i];
		partition->cut[cuts - 1 - i] = swap;
	}
}

static void
see_partition(WindowObject window, ValueKind kind, Partition *partition)
{
	MemoryContext context = GetMemoryChunkContext(partition);
	bool isnull;
	int bins = DatumGetInt32(WinGetFuncArgCurrent(window, 1, &isnull));
	Values values;

	partition->seen = true;
	if (isnull)
		return;
	if (bins < 1 || bins > MAX_BINS)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("number of bins must be from 1 to %d, not %d", MAX_BINS, bins)));
	partition->bins = bins;
	values_init(&values, context, kind == VALUE_FLOAT8);
	read_values(window, kind, &values);
	if (values.is_long)
		find_long_cuts(partition, &values, context);
	else
		find_cuts(partition, &values, context);
	values_free(&values);
}

/*
 * The value as a key of the partition's. One that has none is not of the partition's values, as only
 * a volatile expression can have it.
 */
static wide
get_key(const Partition *partition, ValueKind kind, Datum value)
{
	Decimal decimal;
	wide key;

	if (kind == VALUE_FLOAT8)
		return double_key(values_read_float8(DatumGetFloat8(value)));
	if (kind == VALUE_INT8)
		return DatumGetInt64(value);
	if (values_read_numeric(value, &decimal))
	{
		if (decimal.scale > partition->scale)
			decimal = decimal_normalise(decimal);
		if (decimal_rescale(decimal.mantissa, decimal.scale, partition->scale, &key))
			return key;
	}
	ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					errmsg("the first argument must have one value in a row")));
}

static Datum
rfm_score(FunctionCallInfo fcinfo, ValueKind kind)
{
	WindowObject window = PG_WINDOW_OBJECT();
	Partition *partition = WinGetPartitionLocalMemory(window, sizeof(Partition));
	bool isnull;
	Datum value;
	wide key;
	int below = 0;

	if (!partition->seen)
		see_partition(window, kind, partition);
	value = WinGetFuncArgCurrent(window, 0, &isnull);
	if (isnull || partition->bins == 0)
		PG_RETURN_NULL();

	if (partition->long_cut != NULL)
	{
		Numeric number = DatumGetNumeric(value);

		while (below < partition->cuts &&
			   compare_numerics(&partition->long_cut[below], &number, NULL) < 0)
			below++;
		PG_RETURN_INT32(below + 1);
	}
	key = get_key(partition, kind, value);

	/* a binary search without branches, which random values would mispredict */
	for (int left = partition->cuts; left > 0;)
	{
		int half = (left + 1) / 2;

		below += half * (partition->cut[below + half - 1] < key);
		left -= half;
	}
	PG_RETURN_INT32(below + 1);
}

/*
 * rfm_score(numeric, bins integer) returns integer, as a window function
 *
 * 1 + the number of cut-points below the value; equal values share a score, NULL has none.
 */
Datum
rfm_score_numeric(PG_FUNCTION_ARGS)
{
	return rfm_score(fcinfo, VALUE_NUMERIC);
}

/*
 * rfm_score(bigint, bins integer) returns integer, as a window function
 */
Datum
rfm_score_int8(PG_FUNCTION_ARGS)
{
	return rfm_score(fcinfo, VALUE_INT8);
}

/*
 * rfm_score(double precision, bins integer) returns integer, as a window function
 */
Datum
rfm_score_float8(PG_FUNCTION_ARGS)
{
	return rfm_score(fcinfo, VALUE_FLOAT8);
}

typedef struct ScoreRange
{
	int low;
	int high;
} ScoreRange;

static bool
in_range(int score, ScoreRange range)
{
	return score >= range.low && score <= range.high;
}

/*
 * rfm_segment(r integer, f integer, m integer) returns text
 *
 * The first of the segments below that has all three scores, else 'Others'. The ranges are those of
 * the R package rfm.
 */
Datum
rfm_segment(PG_FUNCTION_ARGS)
{
	static const struct
	{
		const char *name;
		ScoreRange r, f, m;
	} segments[] = {
		{"Champions", {5, 5}, {5, 5}, {5, 5}},       {"Potential Loyalist", {3, 5}, {3, 5}, {2, 5}},
		{"Loyal Customers", {2, 4}, {2, 4}, {2, 4}}, {"Promising", {3, 4}, {1, 3}, {3, 5}},
		{"New Customers", {4, 5}, {1, 3}, {1, 5}},   {"Can't Lose Them", {1, 2}, {3, 4}, {4, 5}},
		{"At Risk", {1, 2}, {2, 5}, {4, 5}},         {"Need Attention", {1, 3}, {3, 5}, {3, 5}},
		{"About To Sleep", {2, 3}, {1, 3}, {1, 4}},  {"Lost", {1, 1}, {1, 5}, {1, 5}},
	};
	static const ScoreRange scores = {1, 5};
	int r = PG_GETARG_INT32(0);
	int f = PG_GETARG_INT32(1);
	int m = PG_GETARG_INT32(2);

	if (!in_range(r, scores) || !in_range(f, scores) || !in_range(m, scores))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("scores must be from 1 to 5"),
				 errdetail("They are %d, %d and %d.", r, f, m)));
	for (size_t i = 0; i < lengthof(segments); i++)
	{
		if (in_range(r, segments[i].r) && in_range(f, segments[i].f) && in_range(m, segments[i].m))
			PG_RETURN_TEXT_P(cstring_to_text(segments[i].name));
	}
	PG_RETURN_TEXT_P(cstring_to_text("Others"));
}
