/*
 * rules.h
 *	  A compiled rule set and its evaluation. Plain C: knows nothing of PostgreSQL.
 *
 * A compiled rule set is one flat piece of memory without pointers, so that it is stored as it
 * stands: a header, then the sections below in their order, each an array of records, then the
 * bytes of all names. Records refer to each other by index and to names by offset. rules_open
 * checks all of that once; evaluation relies on it.
 */
#ifndef CUSTOMER_VALUE_RULES_H
#define CUSTOMER_VALUE_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RULES_VERSION 1

/* no segment, no fact */
#define RULES_NONE UINT32_MAX

/* what a fact may be; FACT_ABSENT is a fact that is missing or JSON null */
#define FACT_ABSENT 0
#define FACT_NUMBER 1
#define FACT_STRING 2
#define FACT_BOOLEAN 4

/* A fact of one customer. A boolean is the number 0 or 1. */
typedef struct Fact
{
	unsigned type;
	double number;
	const char *text;
	size_t length;
} Fact;

typedef struct RulesName
{
	uint32_t offset;
	uint32_t length;
} RulesName;

typedef struct RulesHeader
{
	uint32_t version;
	uint32_t size; /* of everything, this header included */
	uint32_t segments;
	uint32_t facts;
	uint32_t musts;
	uint32_t develops; /* 0 or 1 */
	uint32_t criteria;
	uint32_t conditions;
	uint32_t choices;
	uint32_t points;
	uint32_t text;         /* bytes */
	uint32_t undetermined; /* a segment or RULES_NONE */
	double grey;
	double min_coverage;
} RulesHeader;

typedef struct RulesSegment
{
	double from; /* falling; -infinity in the last */
	RulesName name;
} RulesSegment;

/* The facts that the rules name, each once. */
typedef struct RulesFact
{
	RulesName name;
	uint32_t types; /* what it may be, from all places that name it */
	uint32_t unused;
} RulesFact;

/* All conditions hold: to the segment. The musts in their order, then develop if there is one. */
typedef struct RulesTransfer
{
	uint32_t segment;
	uint32_t conditions;
	uint32_t first_condition;
	uint32_t unused;
} RulesTransfer;

/* min <= fact <= max, and the fact is one of the choices if there are any */
typedef struct RulesCondition
{
	double min;
	double max;
	uint32_t fact;
	uint32_t choices;
	uint32_t first_choice;
	uint32_t bounded; /* has min or max, which only a number can meet */
} RulesCondition;

/* Points of a number: piecewise linear through points; or of a value: those of the choice. */
typedef struct RulesCriterion
{
	double weight;
	double otherwise; /* for a value that is no choice; NaN: as if absent */
	uint32_t fact;
	uint32_t points;
	uint32_t first_point;
	uint32_t choices;
	uint32_t first_choice;
	uint32_t unused;
} RulesCriterion;

/* A value that a fact may be. Types says as what it can be met: "1" as a string or a number. */
typedef struct RulesChoice
{
	double number;
	double points;
	RulesName text;
	uint32_t types;
	uint32_t unused;
} RulesChoice;

typedef struct RulesPoint
{
	double x; /* rising */
	double y;
} RulesPoint;

/* Where the sections of a compiled rule set are. */
typedef struct Rules
{
	const RulesHeader *header;
	const RulesSegment *segments;
	const RulesFact *facts;
	const RulesTransfer *transfers;
	const RulesCondition *conditions;
	const RulesCriterion *criteria;
	const RulesChoice *choices;
	const RulesPoint *points;
	const char *text;
	double weight; /* of all criteria */
} Rules;

typedef enum RulesStep
{
	RULES_MUST,
	RULES_CRITERION,
	RULES_SCORE,
	RULES_COVERAGE,
	RULES_UNDETERMINED,
	RULES_FROM,
	RULES_GREY_ZONE,
	RULES_DEVELOP,
	RULES_SEGMENT
} RulesStep;

/* A line of an explanation. What does not apply is RULES_NONE, NaN or NULL. */
typedef struct RulesLine
{
	RulesStep step;
	uint32_t fact;
	double coverage;
	double points;
	double weight;
	double contribution;
	const char *outcome; /* not terminated */
	size_t outcome_length;
} RulesLine;

typedef void (*RulesTrace)(void *context, const RulesLine *line);

/*
 * Checks size bytes, aligned for doubles, and says where the sections are. False if they are no
 * rule set of this version in every detail; then nothing of it may be read.
 */
extern bool rules_open(const void *bytes, size_t size, Rules *rules);

/*
 * The score of the facts, one for each of rules->facts, each of a type that fact may have:
 * sum of weight * points / sum of weight over the criteria whose fact has points. False if none
 * has. *coverage is the weight of those over the weight of all, 0 without criteria.
 */
extern bool rules_score(const Rules *rules, const Fact *facts, double *score, double *coverage);

/*
 * The segment of the facts, or RULES_NONE where the facts do not suffice and the rules do not say
 * what then. Previous is the name of the customer's segment until now, or NULL. With trace, every
 * step that leads to the answer is reported.
 */
extern uint32_t rules_segment(const Rules *rules, const Fact *facts, const char *previous,
							  size_t previous_length, RulesTrace trace, void *context);

#endif
