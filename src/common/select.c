/*
 * select.c
 *	  The kinds of keys and weights for which there is selection and sorting.
 */
#include "common/select.h"

/* so few keys are quicker sorted by insertion than counted into buckets */
#define FEW 32

#define BUCKET_BITS 9
#define BUCKETS (1 << BUCKET_BITS)

/* between calls of pause */
#define MANY 65536

static inline int
bit_length(uwide x)
{
	uint64_t high = (uint64_t) (x >> 64), low = (uint64_t) x;

	return high != 0 ? 128 - __builtin_clzll(high) : low != 0 ? 64 - __builtin_clzll(low) : 0;
}

#define SORT_NAME sort_narrow
#define SORT_KEY int64_t
#define SORT_UNSIGNED uint64_t
#define SORT_FEW sort_few_narrow
#include "common/sort_template.h"

#define SORT_NAME sort_wide
#define SORT_KEY wide
#define SORT_UNSIGNED uwide
#define SORT_FEW sort_few_wide
#include "common/sort_template.h"

#define SELECT_NAME narrow_by_count
#define SELECT_KEY int64_t
#define SELECT_UNSIGNED uint64_t
#define SELECT_FEW sort_few_narrow
#define SELECT_WEIGHT(key) 1
#include "common/select_template.h"

#define SELECT_NAME wide_by_count
#define SELECT_KEY wide
#define SELECT_UNSIGNED uwide
#define SELECT_FEW sort_few_wide
#define SELECT_WEIGHT(key) 1
#include "common/select_template.h"

#define SELECT_NAME narrow_by_value
#define SELECT_KEY int64_t
#define SELECT_UNSIGNED uint64_t
#define SELECT_FEW sort_few_narrow
#define SELECT_WEIGHT(key) (key)
#include "common/select_template.h"

#define SELECT_NAME wide_by_value
#define SELECT_KEY wide
#define SELECT_UNSIGNED uwide
#define SELECT_FEW sort_few_wide
#define SELECT_WEIGHT(key) (key)
#include "common/select_template.h"

#define SELECT_NAME double_by_value
#define SELECT_KEY int64_t
#define SELECT_UNSIGNED uint64_t
#define SELECT_FEW sort_few_narrow
#define SELECT_WEIGHT(key) double_fixed(key, quantum)
#include "common/select_template.h"

void
select_narrow_by_count(int64_t *keys, size_t n, const wide *thresholds, int count, int64_t *results,
					   SelectPause pause)
{
	narrow_by_count(keys, n, 0, 0, thresholds, count, results, pause);
}

void
select_wide_by_count(wide *keys, size_t n, const wide *thresholds, int count, wide *results,
					 SelectPause pause)
{
	wide_by_count(keys, n, 0, 0, thresholds, count, results, pause);
}

void
select_narrow_by_value(int64_t *keys, size_t n, const wide *thresholds, int count, int64_t *results,
					   SelectPause pause)
{
	narrow_by_value(keys, n, 0, 0, thresholds, count, results, pause);
}

void
select_wide_by_value(wide *keys, size_t n, const wide *thresholds, int count, wide *results,
					 SelectPause pause)
{
	wide_by_value(keys, n, 0, 0, thresholds, count, results, pause);
}

void
select_double_by_value(int64_t *keys, size_t n, int quantum, const wide *thresholds, int count,
					   int64_t *results, SelectPause pause)
{
	double_by_value(keys, n, quantum, 0, thresholds, count, results, pause);
}
