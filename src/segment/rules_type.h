/*
 * rules_type.h
 *	  The SQL type segment_rules: the compiled rule set, and behind it the document as jsonb.
 */
#ifndef CUSTOMER_VALUE_RULES_TYPE_H
#define CUSTOMER_VALUE_RULES_TYPE_H

#include "postgres.h"

#include "utils/jsonb.h"

#include "segment/rules.h"

typedef struct SegmentRules
{
	int32 vl_len_; /* varlena header (do not touch directly!) */
	uint32 compiled_size;
	char data[FLEXIBLE_ARRAY_MEMBER]; /* the rule set, then the root container of the jsonb */
} SegmentRules;

/* Opens a detoasted datum, aligned for doubles; an error if it is damaged. */
extern void segment_rules_open(const SegmentRules *datum, Rules *rules);

/* The nearest double of a number in jsonb, infinite if beyond; NaN if it is none. */
extern double segment_number(Numeric number);

/* segment_of and segment_score for facts as they come: those that the rules cannot take count as absent. */
extern Datum segment_of_any(PG_FUNCTION_ARGS);
extern Datum segment_score_any(PG_FUNCTION_ARGS);

#endif
