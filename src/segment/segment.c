/*
 * segment.c
 *	  Rule sets applied to facts: segment_of, segment_score, explain_segment.
 */
#include "segment/rules_type.h"

#include <math.h>

#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "support/compat.h"

PG_FUNCTION(segment_of);
PG_FUNCTION(segment_score);
PG_FUNCTION(explain_segment);

/* An opened rule set, kept from call to call in fn_extra. */
typedef struct RulesCache
{
	void *key; /* the argument as it came, toasted or not */
	Size key_size;
	SegmentRules *datum;
	Rules rules;
	Fact *facts; /* room for one customer's */
} RulesCache;

/*
 * The rule set of an argument. As a rule it is the same in every call, which comparing its bytes
 * finds out; nothing is detoasted and checked twice then. That an argument is constant in a query
 * is not enough: PL/pgSQL keeps the state of an expression while its variables change.
 */
static RulesCache *
get_rules(FunctionCallInfo fcinfo, Datum argument)
{
	RulesCache *cache = fcinfo->flinfo->fn_extra;
	struct varlena *key = (struct varlena *) DatumGetPointer(argument);
	MemoryContext caller;
	Size size;

	if (VARATT_IS_EXTERNAL(key) && !VARATT_IS_EXTERNAL_ONDISK(key))
		key = PG_DETOAST_DATUM(argument);
	size = VARSIZE_ANY(key);
	if (cache && cache->key_size == size && memcmp(cache->key, key, size) == 0)
		return cache;

	caller = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
	if (cache == NULL)
		cache = fcinfo->flinfo->fn_extra = palloc0(sizeof(RulesCache));
	else
	{
		cache->key_size = 0; /* of use again only once all of it is in place */
		if (cache->key)
			pfree(cache->key);
		if (cache->datum)
			pfree(cache->datum);
		if (cache->facts)
			pfree(cache->facts);
		cache->key = cache->datum = NULL;
		cache->facts = NULL;
	}
	cache->datum = (SegmentRules *) PG_DETOAST_DATUM_COPY(PointerGetDatum(key));
	segment_rules_open(cache->datum, &cache->rules);
	cache->facts = palloc(sizeof(Fact) * (cache->rules.header->facts + 1));
	cache->key = palloc(size);
	memcpy(cache->key, key, size);
	cache->key_size = size;
	MemoryContextSwitchTo(caller);
	return cache;
}

/* "a number", "a string, true or false": what the bits of types allow */
static const char *
types_text(unsigned types)
{
	static const char *const texts[] = {
		[FACT_NUMBER] = "a number",
		[FACT_STRING] = "a string",
		[FACT_NUMBER | FACT_STRING] = "a number or a string",
		[FACT_BOOLEAN] = "true or false",
		[FACT_NUMBER | FACT_BOOLEAN] = "a number, true or false",
		[FACT_STRING | FACT_BOOLEAN] = "a string, true or false",
		[FACT_NUMBER | FACT_STRING | FACT_BOOLEAN] = "a number, a string, true or false",
	};

	return types < lengthof(texts) && texts[types] ? texts[types] : "nothing";
}

static void
wrong_fact(const char *name, int length, unsigned types, const char *found)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("fact \"%.*s\" must be %s, not %s", length, name, types_text(types), found)));
}

/* Reads one fact; JSON null counts as absent, and so, where strict is false, does what the rules cannot take. */
static void
read_fact(const JsonbValue *value, const char *name, int length, unsigned types, bool strict,
		  Fact *fact)
{
	const char *found = NULL;

	fact->type = FACT_ABSENT;
	switch (value->type)
	{
		case jbvNull:
			return;
		case jbvNumeric:
			fact->type = FACT_NUMBER;
			found = "a number";
			break;
		case jbvString:
			fact->type = FACT_STRING;
			fact->text = value->val.string.val;
			fact->length = value->val.string.len;
			found = "a string";
			break;
		case jbvBool:
			fact->type = FACT_BOOLEAN;
			fact->number = value->val.boolean;
			found = value->val.boolean ? "true" : "false";
			break;
		default:
			found = JsonContainerIsArray(value->val.binary.data) ? "an array" : "an object";
	}
	if ((fact->type & types) == 0)
	{
		if (strict)
			wrong_fact(name, length, types, found);
		fact->type = FACT_ABSENT;
	}
	else if (fact->type == FACT_NUMBER)
	{
		fact->number = segment_number(value->val.numeric);
		if (isfinite(fact->number))
			return;
		if (strict)
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("fact \"%.*s\" is out of range for double precision", length, name)));
		fact->type = FACT_ABSENT;
	}
}

/* Reads all facts that the rules name. The texts stay in the jsonb. */
static void
read_facts(RulesCache *cache, Jsonb *facts, bool strict)
{
	const Rules *rules = &cache->rules;

	if (!JB_ROOT_IS_OBJECT(facts))
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						errmsg("facts must be a JSON object, not %s",
							   JB_ROOT_IS_SCALAR(facts) ? "a single value" : "an array")));
	for (uint32 i = 0; i < rules->header->facts; i++)
	{
		const RulesFact *fact = &rules->facts[i];
		const char *name = rules->text + fact->name.offset;
		JsonbValue value;

		if (getKeyJsonValueFromContainer(&facts->root, name, fact->name.length, &value))
			read_fact(&value, name, fact->name.length, fact->types, strict, &cache->facts[i]);
		else
			cache->facts[i].type = FACT_ABSENT;
	}
}

static RulesCache *
read_arguments(FunctionCallInfo fcinfo, bool strict)
{
	RulesCache *cache = get_rules(fcinfo, PG_GETARG_DATUM(1));

	read_facts(cache, PG_GETARG_JSONB_P(0), strict);
	return cache;
}

static Datum
find_segment(FunctionCallInfo fcinfo, bool strict)
{
	RulesCache *cache;
	const RulesSegment *segment;
	text *previous = NULL;
	uint32 index;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		PG_RETURN_NULL();
	if (!PG_ARGISNULL(2))
		previous = PG_GETARG_TEXT_PP(2);
	cache = read_arguments(fcinfo, strict);
	index = rules_segment(&cache->rules, cache->facts, previous ? VARDATA_ANY(previous) : NULL,
						  previous ? VARSIZE_ANY_EXHDR(previous) : 0, NULL, NULL);
	if (index == RULES_NONE)
		PG_RETURN_NULL();
	segment = &cache->rules.segments[index];
	PG_RETURN_TEXT_P(
		cstring_to_text_with_len(cache->rules.text + segment->name.offset, segment->name.length));
}

static Datum
find_score(FunctionCallInfo fcinfo, bool strict)
{
	RulesCache *cache = read_arguments(fcinfo, strict);
	double score;
	double coverage;

	if (!rules_score(&cache->rules, cache->facts, &score, &coverage))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(score);
}

/*
 * segment_of(facts jsonb, rules segment_rules, previous text) returns text
 *
 * The segment that the rules give to the facts, NULL where facts or rules are NULL or where the
 * facts do not suffice and the rules name no segment for that.
 */
Datum
segment_of(PG_FUNCTION_ARGS)
{
	return find_segment(fcinfo, true);
}

/*
 * segment_score(facts jsonb, rules segment_rules) returns double precision
 *
 * The score alone, whatever must rules and min_coverage say; NULL if no criterion has a fact.
 */
Datum
segment_score(PG_FUNCTION_ARGS)
{
	return find_score(fcinfo, true);
}

/*
 * segment_of_any, segment_score_any
 *
 * The same for facts as they come, where one customer's must not stop the others: facts that the rules
 * cannot take, say a string for a number, count as absent. Not for SQL.
 */
Datum
segment_of_any(PG_FUNCTION_ARGS)
{
	return find_segment(fcinfo, false);
}

Datum
segment_score_any(PG_FUNCTION_ARGS)
{
	return find_score(fcinfo, false);
}

typedef struct Explanation
{
	ReturnSetInfo *result;
	const Rules *rules;
	Jsonb *facts;
	text *previous;
} Explanation;

static Datum
value_datum(JsonbValue *value)
{
	return JsonbPGetDatum(JsonbValueToJsonb(value));
}

/* The value column: a fact's, the coverage, or the previous segment. */
static Datum
explain_value(const Explanation *explanation, const RulesLine *line, bool *isnull)
{
	JsonbValue value;

	*isnull = false;
	if (line->fact != RULES_NONE)
	{
		RulesName name = explanation->rules->facts[line->fact].name;

		if (getKeyJsonValueFromContainer(&explanation->facts->root,
										 explanation->rules->text + name.offset, name.length,
										 &value))
			return value_datum(&value);
	}
	else if (line->step == RULES_COVERAGE)
	{
		value.type = jbvNumeric;
		value.val.numeric =
			DatumGetNumeric(DirectFunctionCall1(float8_numeric, Float8GetDatum(line->coverage)));
		return value_datum(&value);
	}
	else if (line->step == RULES_GREY_ZONE && explanation->previous)
	{
		value.type = jbvString;
		value.val.string.val = VARDATA_ANY(explanation->previous);
		value.val.string.len = VARSIZE_ANY_EXHDR(explanation->previous);
		return value_datum(&value);
	}
	*isnull = true;
	return (Datum) 0;
}

static void
explain_line(void *context, const RulesLine *line)
{
	static const char *const steps[] = {
		[RULES_MUST] = "must",
		[RULES_CRITERION] = "criterion",
		[RULES_SCORE] = "score",
		[RULES_COVERAGE] = "coverage",
		[RULES_UNDETERMINED] = "undetermined",
		[RULES_FROM] = "from",
		[RULES_GREY_ZONE] = "grey zone",
		[RULES_DEVELOP] = "develop",
		[RULES_SEGMENT] = "segment",
	};
	const Explanation *explanation = context;
	const double numbers[] = {line->points, line->weight, line->contribution};
	Datum values[7] = {0};
	bool nulls[7] = {0};

	values[0] = CStringGetTextDatum(steps[line->step]);
	nulls[1] = line->fact == RULES_NONE;
	if (!nulls[1])
	{
		RulesName name = explanation->rules->facts[line->fact].name;

		values[1] = PointerGetDatum(
			cstring_to_text_with_len(explanation->rules->text + name.offset, name.length));
	}
	values[2] = explain_value(explanation, line, &nulls[2]);
	for (int i = 0; i < 3; i++)
	{
		values[3 + i] = Float8GetDatum(numbers[i]);
		nulls[3 + i] = isnan(numbers[i]);
	}
	nulls[6] = line->outcome == NULL;
	if (!nulls[6])
		values[6] = PointerGetDatum(cstring_to_text_with_len(line->outcome, line->outcome_length));
	tuplestore_putvalues(explanation->result->setResult, explanation->result->setDesc, values,
						 nulls);
}

/*
 * explain_segment(facts jsonb, rules segment_rules, previous text)
 *	  returns setof (step, fact, value, points, weight, contribution, outcome)
 *
 * Every step of segment_of, from the same evaluation, in its order.
 */
Datum
explain_segment(PG_FUNCTION_ARGS)
{
	RulesCache *cache;
	Explanation explanation = {0};

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	cache = get_rules(fcinfo, PG_GETARG_DATUM(1));
	explanation.result = (ReturnSetInfo *) fcinfo->resultinfo;
	explanation.rules = &cache->rules;
	explanation.facts = PG_GETARG_JSONB_P(0);
	if (!PG_ARGISNULL(2))
		explanation.previous = PG_GETARG_TEXT_PP(2);
	read_facts(cache, explanation.facts, true);
	rules_segment(&cache->rules, cache->facts,
				  explanation.previous ? VARDATA_ANY(explanation.previous) : NULL,
				  explanation.previous ? VARSIZE_ANY_EXHDR(explanation.previous) : 0, explain_line,
				  &explanation);
	return (Datum) 0;
}
