/*
 * rules.c
 *	  A compiled rule set and its evaluation. Plain C: knows nothing of PostgreSQL.
 */
#include "segment/rules.h"

#include <float.h>
#include <math.h>
#include <string.h>

/*
 * Scores are sums of products in double precision. What differs from a boundary by less than its
 * rounding lies on the boundary: with weights 0.1, 0.2 and 0.7, three times 60 points reach 60.
 */
#define ROUNDING 1e-12

static bool
reaches(double value, double limit)
{
	return value >= limit - ROUNDING * (fabs(value) + fabs(limit));
}

/* Does [first, first + count) lie within [0, total)? */
static bool
range_fits(uint32_t first, uint32_t count, uint32_t total)
{
	return first <= total && count <= total - first;
}

static bool
name_fits(const Rules *rules, RulesName name)
{
	return range_fits(name.offset, name.length, rules->header->text);
}

static bool
segments_fit(const Rules *rules)
{
	uint32_t last = rules->header->segments - 1;

	for (uint32_t i = 0; i <= last; i++)
	{
		const RulesSegment *segment = &rules->segments[i];

		if (!name_fits(rules, segment->name))
			return false;
		if (i < last ? !isfinite(segment->from) : segment->from != -INFINITY)
			return false;
		if (i > 0 && !(segment->from < segment[-1].from))
			return false;
	}
	return true;
}

static bool
transfers_fit(const Rules *rules)
{
	const RulesHeader *header = rules->header;

	for (uint32_t i = 0; i < header->musts + header->develops; i++)
	{
		const RulesTransfer *transfer = &rules->transfers[i];

		if (transfer->segment >= header->segments ||
			!range_fits(transfer->first_condition, transfer->conditions, header->conditions))
			return false;
	}
	for (uint32_t i = 0; i < header->conditions; i++)
	{
		const RulesCondition *condition = &rules->conditions[i];

		if (condition->fact >= header->facts || isnan(condition->min) || isnan(condition->max) ||
			!range_fits(condition->first_choice, condition->choices, header->choices))
			return false;
	}
	return true;
}

static bool
criterion_fits(const Rules *rules, const RulesCriterion *criterion)
{
	const RulesHeader *header = rules->header;

	if (criterion->fact >= header->facts || !(criterion->weight > 0) || isinf(criterion->weight) ||
		isinf(criterion->otherwise) ||
		!range_fits(criterion->first_point, criterion->points, header->points) ||
		!range_fits(criterion->first_choice, criterion->choices, header->choices))
		return false;
	if ((criterion->points == 0) == (criterion->choices == 0))
		return false;
	for (uint32_t i = 0; i < criterion->points; i++)
	{
		const RulesPoint *point = &rules->points[criterion->first_point + i];

		if (!isfinite(point->x) || !isfinite(point->y) || (i > 0 && !(point->x > point[-1].x)))
			return false;
	}
	return true;
}

bool
rules_open(const void *bytes, size_t size, Rules *rules)
{
	const RulesHeader *header = bytes;
	const char *p = bytes;
	uint64_t expected = sizeof(RulesHeader);

	if (size < sizeof(RulesHeader) || size > UINT32_MAX || header->version != RULES_VERSION ||
		header->size != size || header->segments == 0 || header->develops > 1 ||
		header->musts == UINT32_MAX)
		return false;
	if (!isfinite(header->grey) || header->grey < 0 || !(header->min_coverage >= 0) ||
		!(header->min_coverage <= 1) ||
		(header->undetermined != RULES_NONE && header->undetermined >= header->segments))
		return false;

	rules->header = header;
	p += sizeof(RulesHeader);

/* 32-bit counts of small records cannot overflow 64 bits */
#define SECTION(field, type, count)                    \
	do                                                 \
	{                                                  \
		expected += (uint64_t) (count) * sizeof(type); \
		if (expected > size)                           \
			return false;                              \
		rules->field = (const type *) p;               \
		p += (count) * sizeof(type);                   \
	} while (0)

	SECTION(segments, RulesSegment, header->segments);
	SECTION(facts, RulesFact, header->facts);
	SECTION(transfers, RulesTransfer, (size_t) header->musts + header->develops);
	SECTION(conditions, RulesCondition, header->conditions);
	SECTION(criteria, RulesCriterion, header->criteria);
	SECTION(choices, RulesChoice, header->choices);
	SECTION(points, RulesPoint, header->points);
	SECTION(text, char, header->text);
#undef SECTION
	if (expected != size)
		return false;

	if (!segments_fit(rules) || !transfers_fit(rules))
		return false;
	for (uint32_t i = 0; i < header->facts; i++)
	{
		if (!name_fits(rules, rules->facts[i].name))
			return false;
	}
	for (uint32_t i = 0; i < header->choices; i++)
	{
		if (!name_fits(rules, rules->choices[i].text) || !isfinite(rules->choices[i].points))
			return false;
	}
	rules->weight = 0;
	for (uint32_t i = 0; i < header->criteria; i++)
	{
		if (!criterion_fits(rules, &rules->criteria[i]))
			return false;
		rules->weight += rules->criteria[i].weight;
	}
	return true;
}

/* The choice that the fact is, or NULL. */
static const RulesChoice *
find_choice(const Rules *rules, uint32_t first, uint32_t count, const Fact *fact)
{
	for (const RulesChoice *choice = rules->choices + first; count > 0; choice++, count--)
	{
		if ((choice->types & fact->type) == 0)
			continue;
		if (fact->type != FACT_STRING
				? fact->number == choice->number
				: fact->length == choice->text.length &&
					  memcmp(fact->text, rules->text + choice->text.offset, fact->length) == 0)
			return choice;
	}
	return NULL;
}

/* Piecewise linear between the points, flat outside. */
static double
interpolate(const RulesPoint *points, uint32_t count, double x)
{
	const RulesPoint *last = points + count - 1;

	if (!(x > points->x))
		return points->y;
	if (!(x < last->x))
		return last->y;
	while (x >= points[1].x)
		points++;
	return points->y + (points[1].y - points->y) * (x - points->x) / (points[1].x - points->x);
}

/* The points that a criterion gives to the facts; false if it has nothing to go by. */
static bool
criterion_points(const Rules *rules, const RulesCriterion *criterion, const Fact *facts,
				 double *points)
{
	const Fact *fact = &facts[criterion->fact];

	if (fact->type == FACT_ABSENT)
		return false;
	if (criterion->points > 0)
		*points =
			interpolate(rules->points + criterion->first_point, criterion->points, fact->number);
	else
	{
		const RulesChoice *choice =
			find_choice(rules, criterion->first_choice, criterion->choices, fact);

		*points = choice ? choice->points : criterion->otherwise;
	}
	return !isnan(*points);
}

/*
 * One division at the end: whole weights and points give a score that is rounded once.
 * *present is the weight of the criteria that have points.
 */
static bool
weigh(const Rules *rules, const Fact *facts, double *score, double *present)
{
	double sum = 0;

	*present = 0;
	for (uint32_t i = 0; i < rules->header->criteria; i++)
	{
		const RulesCriterion *criterion = &rules->criteria[i];
		double points;

		if (!criterion_points(rules, criterion, facts, &points))
			continue;
		sum += criterion->weight * points;
		*present += criterion->weight;
	}
	if (*present == 0)
		return false;
	*score = sum / *present;
	return true;
}

bool
rules_score(const Rules *rules, const Fact *facts, double *score, double *coverage)
{
	double present;
	bool scored = weigh(rules, facts, score, &present);

	*coverage = scored ? present / rules->weight : 0;
	return scored;
}

/* For tracing: where lines go, and the line that says nothing yet. */
typedef struct Tracer
{
	RulesTrace trace;
	void *context;
} Tracer;

static RulesLine
empty_line(RulesStep step)
{
	RulesLine line = {step, RULES_NONE, NAN, NAN, NAN, NAN, NULL, 0};

	return line;
}

static void
report(const Tracer *tracer, RulesLine line)
{
	if (tracer->trace)
		tracer->trace(tracer->context, &line);
}

static void
report_outcome(const Tracer *tracer, RulesLine line, const char *outcome)
{
	line.outcome = outcome;
	line.outcome_length = strlen(outcome);
	report(tracer, line);
}

static void
report_segment(const Tracer *tracer, const Rules *rules, RulesLine line, uint32_t segment)
{
	if (segment != RULES_NONE)
	{
		line.outcome = rules->text + rules->segments[segment].name.offset;
		line.outcome_length = rules->segments[segment].name.length;
	}
	report(tracer, line);
}

/* Do all conditions hold? What is absent meets none. */
static bool
holds(const Rules *rules, const RulesTransfer *transfer, const Fact *facts, RulesStep step,
	  const Tracer *tracer)
{
	for (uint32_t i = 0; i < transfer->conditions; i++)
	{
		const RulesCondition *condition = &rules->conditions[transfer->first_condition + i];
		const Fact *fact = &facts[condition->fact];
		bool met = fact->type != FACT_ABSENT;

		if (met && condition->bounded)
			met = fact->number >= condition->min && fact->number <= condition->max;
		if (met && condition->choices > 0)
			met = find_choice(rules, condition->first_choice, condition->choices, fact) != NULL;
		if (tracer->trace)
		{
			RulesLine line = empty_line(step);

			line.fact = condition->fact;
			report_outcome(tracer, line,
						   met                         ? "holds"
						   : fact->type == FACT_ABSENT ? "absent"
													   : "does not hold");
		}
		if (!met)
			return false;
	}
	return true;
}

/*
 * The contributions are weight * points / weight present, cut off at the score's last bit, and the
 * last one is what is left: so they add up to the score exactly, in any order, as long as no points
 * are negative.
 */
static void
report_criteria(const Tracer *tracer, const Rules *rules, const Fact *facts, double score,
				double present)
{
	uint32_t last = rules->header->criteria;
	double points;
	double rest = score;
	double bit = 0;

	while (last > 0 && !criterion_points(rules, &rules->criteria[last - 1], facts, &points))
		last--;
	if (score != 0)
	{
		int exponent;

		frexp(score, &exponent);
		bit = ldexp(1, exponent - DBL_MANT_DIG);
	}
	for (uint32_t i = 0; i < rules->header->criteria; i++)
	{
		const RulesCriterion *criterion = &rules->criteria[i];
		RulesLine line = empty_line(RULES_CRITERION);

		line.fact = criterion->fact;
		line.weight = criterion->weight;
		if (!criterion_points(rules, criterion, facts, &points))
		{
			report_outcome(tracer, line,
						   facts[criterion->fact].type == FACT_ABSENT ? "absent" : "no points");
			continue;
		}
		line.points = points;
		line.contribution = criterion->weight * points / present;
		if (bit > 0)
			line.contribution = trunc(line.contribution / bit) * bit;
		if (i == last - 1)
			line.contribution = rest;
		rest -= line.contribution;
		report(tracer, line);
	}
}

static void
report_score(const Tracer *tracer, const Rules *rules, const Fact *facts, bool scored, double score,
			 double present, double coverage, bool enough)
{
	RulesLine line = empty_line(RULES_SCORE);

	report_criteria(tracer, rules, facts, scored ? score : 0, present);
	line.weight = present;
	if (scored)
		line.points = score;
	report(tracer, line);
	line = empty_line(RULES_COVERAGE);
	line.coverage = coverage;
	report_outcome(tracer, line, enough ? "enough" : "too low");
}

/*
 * The boundary in whose grey zone the score lies: that of the segment above it, or RULES_NONE.
 * Where zones overlap the nearest boundary counts, and of two as near the lower one.
 */
static uint32_t
grey_boundary(const Rules *rules, double score)
{
	double grey = rules->header->grey;
	uint32_t nearest = RULES_NONE;

	if (grey == 0)
		return RULES_NONE;
	for (uint32_t i = 0; i + 1 < rules->header->segments; i++)
	{
		double from = rules->segments[i].from;

		if (reaches(score, from - grey) && reaches(from + grey, score) &&
			(nearest == RULES_NONE ||
			 fabs(score - from) <= fabs(score - rules->segments[nearest].from)))
			nearest = i;
	}
	return nearest;
}

static bool
is_named(const Rules *rules, uint32_t segment, const char *name, size_t length)
{
	RulesName own = rules->segments[segment].name;

	return own.length == length && memcmp(rules->text + own.offset, name, length) == 0;
}

/* The segment by score, with the grey zone's boundary for what follows. */
static uint32_t
by_score(const Rules *rules, double score, const char *previous, size_t previous_length,
		 uint32_t *boundary, const Tracer *tracer)
{
	uint32_t segment = 0;
	RulesLine line = empty_line(RULES_FROM);

	while (segment + 1 < rules->header->segments && !reaches(score, rules->segments[segment].from))
		segment++;
	if (segment + 1 < rules->header->segments)
		line.points = rules->segments[segment].from;
	report_segment(tracer, rules, line, segment);

	*boundary = grey_boundary(rules, score);
	if (*boundary == RULES_NONE)
		return segment;
	if (previous == NULL || is_named(rules, *boundary + 1, previous, previous_length))
		segment = *boundary + 1;
	else if (is_named(rules, *boundary, previous, previous_length))
		segment = *boundary;
	line = empty_line(RULES_GREY_ZONE);
	line.points = rules->segments[*boundary].from;
	report_segment(tracer, rules, line, segment);
	return segment;
}

uint32_t
rules_segment(const Rules *rules, const Fact *facts, const char *previous, size_t previous_length,
			  RulesTrace trace, void *context)
{
	const RulesHeader *header = rules->header;
	Tracer tracer = {trace, context};
	uint32_t segment = RULES_NONE;
	uint32_t boundary = RULES_NONE;
	double score = 0;
	double present;
	double coverage;
	bool scored;
	bool enough;

	for (uint32_t i = 0; i < header->musts; i++)
	{
		const RulesTransfer *must = &rules->transfers[i];

		if (holds(rules, must, facts, RULES_MUST, &tracer))
		{
			report_segment(&tracer, rules, empty_line(RULES_SEGMENT), must->segment);
			return must->segment;
		}
	}

	scored = weigh(rules, facts, &score, &present);
	coverage = scored ? present / rules->weight : 0;
	enough = scored && reaches(coverage, header->min_coverage);
	if (trace)
		report_score(&tracer, rules, facts, scored, score, present, coverage, enough);
	if (enough)
		segment = by_score(rules, score, previous, previous_length, &boundary, &tracer);
	else
	{
		segment = header->undetermined;
		report_segment(&tracer, rules, empty_line(RULES_UNDETERMINED), segment);
	}

	if (header->develops > 0)
	{
		const RulesTransfer *develop = &rules->transfers[header->musts];

		if ((!enough || boundary == develop->segment) &&
			holds(rules, develop, facts, RULES_DEVELOP, &tracer))
			segment = develop->segment;
	}
	report_segment(&tracer, rules, empty_line(RULES_SEGMENT), segment);
	return segment;
}
