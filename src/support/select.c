/*
 * select.c
 *	  The kinds of keys and weights for which there is selection and sorting.
 */
#include "support/select.h"

/* so few keys are quicker sorted by insertion than counted into buckets */
#define FEW 32

/* between calls of pause */
#define MANY 65536

#define SORT_NAME sort_narrow
#define SORT_KEY int64_t
#define SORT_UNSIGNED uint64_t
#define SORT_FEW sort_few_narrow
#define SORT_CHUNK sort_chunk_narrow
#include "support/radix_sort_template.h"

#define SORT_NAME sort_wide
#define SORT_KEY wide
#define SORT_UNSIGNED uwide
#define SORT_FEW sort_few_wide
#define SORT_CHUNK sort_chunk_wide
#include "support/radix_sort_template.h"

#define SELECT_SURVEY survey_narrow
#define SELECT_POINTS points_narrow
#define SELECT_KEY int64_t
#define SELECT_UNSIGNED uint64_t
#define SELECT_FEW sort_few_narrow
#define SELECT_QUANTUM(greatest, n) 0
#define SELECT_WEIGHT(key, quantum) ((uwide) (key))
#include "support/select_template.h"

#define SELECT_SURVEY survey_wide
#define SELECT_POINTS points_wide
#define SELECT_KEY wide
#define SELECT_UNSIGNED uwide
#define SELECT_FEW sort_few_wide
#define SELECT_QUANTUM(greatest, n) 0
#define SELECT_WEIGHT(key, quantum) ((uwide) (key))
#include "support/select_template.h"

#define SELECT_SURVEY survey_double
#define SELECT_POINTS points_double
#define SELECT_KEY int64_t
#define SELECT_UNSIGNED uint64_t
#define SELECT_FEW sort_few_narrow
#define SELECT_QUANTUM(greatest, n) double_quantum(greatest, n)
#define SELECT_WEIGHT(key, quantum) ((uwide) double_fixed(key, quantum))
#include "support/select_template.h"

void
select_survey(SelectKind kind, const void *keys, size_t n, SelectSurvey *survey)
{
	if (kind == SELECT_NARROW)
		survey_narrow(keys, n, survey, false);
	else if (kind == SELECT_WIDE)
		survey_wide(keys, n, survey, false);
	else
		survey_double(keys, n, survey, false);
}

void
select_points(SelectKind kind, void *keys, size_t n, const SelectSurvey *survey, bool by_count,
			  const wide *thresholds, int count, SelectPoint *points, SelectPause pause)
{
	SelectPoint top = {0, 0, 0, 0};

	if (kind == SELECT_NARROW)
		points_narrow(keys, n, survey, by_count, top, thresholds, count, points, pause);
	else if (kind == SELECT_WIDE)
		points_wide(keys, n, survey, by_count, top, thresholds, count, points, pause);
	else
		points_double(keys, n, survey, by_count, top, thresholds, count, points, pause);
}

void
select_points_within(SelectKind kind, void *keys, size_t n, int quantum, bool by_count,
					 SelectPoint at, const wide *thresholds, int count, SelectPoint *points,
					 SelectPause pause)
{
	SelectSurvey closer;

	closer.quantum = quantum;
	if (kind == SELECT_NARROW)
	{
		survey_narrow(keys, n, &closer, true);
		points_narrow(keys, n, &closer, by_count, at, thresholds, count, points, pause);
	}
	else if (kind == SELECT_WIDE)
	{
		survey_wide(keys, n, &closer, true);
		points_wide(keys, n, &closer, by_count, at, thresholds, count, points, pause);
	}
	else
	{
		survey_double(keys, n, &closer, true);
		points_double(keys, n, &closer, by_count, at, thresholds, count, points, pause);
	}
}

void
select_narrow_by_count(int64_t *keys, size_t n, const wide *thresholds, int count, int64_t *results,
					   SelectPause pause)
{
	SelectSurvey survey;

	select_survey(SELECT_NARROW, keys, n, &survey);
	for (int i = 0; i < count; i++)
	{
		SelectPoint point;

		select_points(SELECT_NARROW, keys, n, &survey, true, &thresholds[i], 1, &point, pause);
		results[i] = (int64_t) point.key;
	}
}

void
select_wide_by_count(wide *keys, size_t n, const wide *thresholds, int count, wide *results,
					 SelectPause pause)
{
	SelectSurvey survey;

	select_survey(SELECT_WIDE, keys, n, &survey);
	for (int i = 0; i < count; i++)
	{
		SelectPoint point;

		select_points(SELECT_WIDE, keys, n, &survey, true, &thresholds[i], 1, &point, pause);
		results[i] = point.key;
	}
}
