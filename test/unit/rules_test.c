/* sources: segment/rules.c segment/rules_compile.c support/decimal.c */
/*
 * rules_test.c
 *	  Rule sets: random documents compiled and evaluated, broken documents, broken compiled bytes.
 *
 * All memory is allocated to the byte, so that the sanitizers see whatever reads on.
 */
#include <math.h>
#include <string.h>

#include "segment/rules.h"
#include "segment/rules_compile.h"
#include "unit.h"

#define ROUNDS 20000
#define MAX_FACTS 16

/* Memory until the end of a round. */
static void **kept = NULL;
static size_t kept_count = 0;
static size_t kept_capacity = 0;

static void *
allocate(size_t size)
{
	if (kept_count == kept_capacity)
	{
		kept_capacity = 2 * kept_capacity + 64;
		kept = realloc(kept, kept_capacity * sizeof(void *));
	}
	return kept[kept_count++] = malloc(size ? size : 1);
}

static void
free_all(void)
{
	while (kept_count > 0)
		free(kept[--kept_count]);
}

static const char *
copy(const char *text)
{
	return memcpy(allocate(strlen(text)), text, strlen(text));
}

static Document
number(double value)
{
	Document d = {.kind = DOCUMENT_NUMBER, .number = value};

	return d;
}

static Document
string(const char *text)
{
	Document d = {.kind = DOCUMENT_STRING, .text = copy(text), .length = strlen(text)};

	return d;
}

/* An array or object with room for count children, none of them there yet. */
static Document
container(DocumentKind kind, size_t count)
{
	Document d = {.kind = kind, .children = allocate(count * sizeof(Document))};

	return d;
}

static Document *
children(const Document *d)
{
	return (Document *) d->children;
}

static void
push(Document *to, Document child)
{
	children(to)[to->count++] = child;
}

static void
put(Document *to, const char *key, Document child)
{
	child.key = copy(key);
	child.key_length = strlen(key);
	push(to, child);
}

static const char *const segment_names[] = {"gold", "silver", "bronze", "Zürich", "e"};
static const char *const number_facts[] = {"amount", "age", "n"};
static const char *const value_facts[] = {"industry", "tier"};
static const char *const values[] = {"public", "retail", "", "7", "007", "true"};

static const char *
pick(const char *const *from, size_t count)
{
	return from[unit_below(count)];
}

static Document
random_when(void)
{
	Document when = container(DOCUMENT_OBJECT, 2);
	Document condition = container(DOCUMENT_OBJECT, 2);
	double low = (double) unit_below(100);

	put(&condition, "min", number(low));
	if (unit_below(2))
		put(&condition, "max", number(low + (double) unit_below(50)));
	put(&when, pick(number_facts, 3), condition);
	if (unit_below(2))
	{
		Document in = container(DOCUMENT_ARRAY, 3);

		condition = container(DOCUMENT_OBJECT, 1);
		for (size_t i = 1 + unit_below(3); i > 0; i--)
			push(&in, string(pick(values, 6)));
		put(&condition, "in", in);
		put(&when, pick(value_facts, 2), condition);
	}
	return when;
}

static Document
random_criterion(void)
{
	Document criterion = container(DOCUMENT_OBJECT, 4);
	Document points;
	size_t count = 1 + unit_below(4);

	put(&criterion, "weight", number((double) (1 + unit_below(50)) / 10));
	if (unit_below(2))
	{
		double x = 0;

		points = container(DOCUMENT_ARRAY, count);
		for (size_t i = 0; i < count; i++)
		{
			Document pair = container(DOCUMENT_ARRAY, 2);

			push(&pair, number(x += (double) (1 + unit_below(400)) / 8));
			push(&pair, number((double) unit_below(1000) / 7));
			push(&points, pair);
		}
		put(&criterion, "fact", string(pick(number_facts, 3)));
	}
	else
	{
		points = container(DOCUMENT_OBJECT, count);
		for (size_t i = 0; i < count; i++)
			put(&points, values[i], number((double) unit_below(100)));
		put(&criterion, "fact", string(pick(value_facts, 2)));
		if (unit_below(2))
			put(&criterion, "else", number((double) unit_below(100)));
	}
	put(&criterion, "points", points);
	return criterion;
}

/* A rule set in which nothing is wrong. */
static Document
random_rules(void)
{
	Document rules = container(DOCUMENT_OBJECT, 7);
	size_t count = 1 + unit_below(5);
	double from = 20.0 * (double) count;
	Document segments = container(DOCUMENT_ARRAY, count);
	Document must = container(DOCUMENT_ARRAY, 2);
	Document criteria = container(DOCUMENT_ARRAY, 8);

	for (size_t i = 0; i < count; i++)
	{
		Document segment = container(DOCUMENT_OBJECT, 2);

		put(&segment, "name", string(segment_names[i]));
		if (i + 1 < count)
			put(&segment, "from", number(from -= (double) (1 + unit_below(20))));
		push(&segments, segment);
	}
	put(&rules, "segments", segments);
	for (size_t i = unit_below(3); i > 0; i--)
	{
		Document transfer = container(DOCUMENT_OBJECT, 2);

		put(&transfer, "segment", string(pick(segment_names, count)));
		put(&transfer, "when", random_when());
		push(&must, transfer);
	}
	put(&rules, "must", must);
	for (size_t i = unit_below(9); i > 0; i--)
		push(&criteria, random_criterion());
	put(&rules, "criteria", criteria);
	if (unit_below(2))
		put(&rules, "grey", number((double) unit_below(20)));
	if (unit_below(2))
		put(&rules, "min_coverage", number((double) unit_below(11) / 10));
	if (unit_below(2))
		put(&rules, "undetermined", string(pick(segment_names, count)));
	if (unit_below(2))
	{
		Document develop = container(DOCUMENT_OBJECT, 2);

		put(&develop, "to", string(pick(segment_names, count)));
		put(&develop, "when", random_when());
		put(&rules, "develop", develop);
	}
	return rules;
}

/* Facts as the rules ask for them, some absent. */
static void
random_facts(const Rules *rules, Fact *facts)
{
	for (uint32_t i = 0; i < rules->header->facts; i++)
	{
		const char *text = pick(values, 6);
		unsigned types[3] = {FACT_NUMBER, FACT_STRING, FACT_BOOLEAN};
		unsigned type = types[unit_below(3)] & rules->facts[i].types;
		Fact fact = {.type = unit_below(5) ? type : FACT_ABSENT};

		fact.number =
			fact.type == FACT_BOOLEAN ? (double) unit_below(2) : (double) unit_below(1000) / 8;
		if (fact.type == FACT_STRING)
		{
			fact.text = copy(text);
			fact.length = strlen(text);
		}
		facts[i] = fact;
	}
}

typedef struct Heard
{
	RulesLine lines[256];
	int count;
} Heard;

static void
hear(void *context, const RulesLine *line)
{
	Heard *heard = context;

	heard->lines[heard->count++ % 256] = *line;
}

/* The contributions add up to the score, and the last line is the answer. */
static bool
explanation_fits(const Rules *rules, const Fact *facts, uint32_t segment, const Heard *heard)
{
	double score, coverage, up = 0, down = 0;
	bool scored = rules_score(rules, facts, &score, &coverage);
	bool used = false;

	unit_require(heard->count > 0 && heard->count <= 256);
	for (int i = 0; i < heard->count; i++)
	{
		const RulesLine *line = &heard->lines[i], *back = &heard->lines[heard->count - 1 - i];

		up += isnan(line->contribution) ? 0 : line->contribution;
		down += isnan(back->contribution) ? 0 : back->contribution;
		if (line->step == RULES_SCORE)
		{
			used = scored;
			unit_require(scored ? line->points == score : isnan(line->points));
		}
		if (line->step == RULES_COVERAGE)
			unit_require(line->coverage == coverage && coverage >= 0 && coverage <= 1 + 1e-12);
		if (i == heard->count - 1)
		{
			unit_require(line->step == RULES_SEGMENT);
			unit_require(line->outcome ==
						 (segment == RULES_NONE
							  ? NULL
							  : rules->text + rules->segments[segment].name.offset));
		}
	}
	if (used)
		unit_require(up == score && down == score);
	return true;
}

static bool
rules_are_evaluated(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Document document = random_rules();
		RulesError error;
		size_t size;
		void *bytes = rules_compile(&document, allocate, &size, &error);
		Rules rules;
		Fact facts[MAX_FACTS];
		Heard heard = {.count = 0};
		uint32_t segment;
		const char *previous = unit_below(2) ? copy("silver") : NULL;

		unit_require(bytes != NULL && size % 8 == 0);
		unit_require(rules_open(bytes, size, &rules));
		unit_require(rules.header->facts <= MAX_FACTS);
		random_facts(&rules, facts);
		segment = rules_segment(&rules, facts, previous, 6, NULL, NULL);
		unit_require(segment == RULES_NONE || segment < rules.header->segments);
		unit_require(segment == rules_segment(&rules, facts, previous, 6, hear, &heard));
		unit_require(explanation_fits(&rules, facts, segment, &heard));
		free_all();
	}
	return true;
}

/* Changes something somewhere in the tree. */
static void
damage(Document *d)
{
	while (d->count > 0 && unit_below(4))
		d = &children(d)[unit_below(d->count)];
	switch (unit_below(6))
	{
		case 0:
			d->kind = DOCUMENT_NULL;
			d->count = 0;
			break;
		case 1:
			d->kind = DOCUMENT_STRING;
			d->text = copy("x");
			d->length = unit_below(2);
			d->count = 0;
			break;
		case 2:
			d->kind = DOCUMENT_NUMBER;
			d->number = unit_below(2) ? -INFINITY : -1e308 * (double) unit_below(2);
			d->count = 0;
			break;
		case 3:
			d->count -= d->count > 0;
			break;
		case 4:
			if (d->key)
			{
				d->key = copy("odd key");
				d->key_length = unit_below(8);
			}
			break;
		default:
			if (d->count > 1)
				children(d)[0] = children(d)[1];
	}
}

static bool
documents_are_refused_or_compiled(void)
{
	int refused = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		Document document = random_rules();
		RulesError error = {NULL, NULL};
		size_t size;
		void *bytes;
		Rules rules;

		for (size_t k = 1 + unit_below(3); k > 0; k--)
			damage(&document);
		bytes = rules_compile(&document, allocate, &size, &error);
		if (bytes)
			unit_require(rules_open(bytes, size, &rules));
		else
			unit_require(error.path[0] != '\0' && strlen(error.path) < 200 && error.problem);
		refused += bytes == NULL;
		free_all();
	}
	unit_require(refused > ROUNDS / 2 && refused < ROUNDS);
	return true;
}

static bool
bytes_are_refused_or_harmless(void)
{
	int refused = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		Document document = random_rules();
		RulesError error;
		size_t size;
		char *bytes = rules_compile(&document, allocate, &size, &error);
		Rules rules;

		for (size_t k = 1 + unit_below(4); k > 0; k--)
			bytes[unit_below(size)] ^= (char) (1 << unit_below(8));
		if (unit_below(4) == 0)
		{
			size = unit_below(size);
			bytes = memcpy(allocate(size), bytes, size);
		}
		if (rules_open(bytes, size, &rules))
		{
			Fact *facts = allocate(rules.header->facts * sizeof(Fact));
			Heard heard = {.count = 0};

			random_facts(&rules, facts);
			rules_segment(&rules, facts, "silver", 6, hear, &heard);
		}
		else
			refused++;
		free_all();
	}
	unit_require(refused > ROUNDS / 10 && refused < ROUNDS);
	return true;
}

static bool
huge_counts_are_refused(void)
{
	RulesHeader header = {
		.version = RULES_VERSION, .size = sizeof(RulesHeader), .undetermined = RULES_NONE};
	uint32_t *const counts[] = {&header.segments, &header.facts,    &header.musts,
								&header.develops, &header.criteria, &header.conditions,
								&header.choices,  &header.points,   &header.text};
	Rules rules;

	header.segments = 1;
	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
	{
		uint32_t before = *counts[i];

		*counts[i] = UINT32_MAX;
		unit_require(!rules_open(&header, sizeof(header), &rules));
		*counts[i] = before;
	}
	unit_require(!rules_open(&header, 0, &rules));
	return true;
}

int
main(void)
{
	unit_result(rules_are_evaluated(), "rule sets are compiled, evaluated and explained alike");
	unit_result(documents_are_refused_or_compiled(), "damaged documents are refused or compiled");
	unit_result(bytes_are_refused_or_harmless(),
				"damaged compiled rule sets are refused or harmless");
	unit_result(huge_counts_are_refused(), "counts beyond the size are refused");
	free_all();
	free(kept);
	return unit_done();
}
