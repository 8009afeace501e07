/*
 * rules_compile.c
 *	  From a rule set's document to its compiled form. Plain C: knows nothing of PostgreSQL.
 *
 * Each function here reads one kind of place in the document and appends what it says to the
 * sections. They return false after the first thing that is wrong.
 */
#include "segment/rules_compile.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "support/decimal.h"
#include "segment/rules.h"

/* Where we are: from the root, by member or by element. */
typedef struct Path
{
	const struct Path *up;
	const char *key; /* NULL for an element */
	size_t length;
	size_t index;
} Path;

typedef struct Section
{
	char *records;
	size_t count;
	size_t capacity;
	size_t record_size;
} Section;

typedef struct Compiler
{
	RulesAllocate allocate;
	RulesError *error;
	RulesHeader header;
	Section segments;
	Section facts;
	Section transfers;
	Section conditions;
	Section criteria;
	Section choices;
	Section points;
	Section text;
} Compiler;

/* Appends count records; a pointer to the first, valid until the next append. */
static void *
append(Compiler *c, Section *section, size_t count)
{
	void *result;

	if (section->records == NULL || section->count + count > section->capacity)
	{
		size_t capacity = 2 * section->capacity + count + 8;
		char *records = c->allocate(capacity * section->record_size);

		if (section->count > 0)
			memcpy(records, section->records, section->count * section->record_size);
		section->records = records;
		section->capacity = capacity;
	}
	result = section->records + section->count * section->record_size;
	memset(result, 0, count * section->record_size);
	section->count += count;
	return result;
}

static RulesName
append_name(Compiler *c, const char *text, size_t length)
{
	RulesName name = {(uint32_t) c->text.count, (uint32_t) length};

	memcpy(append(c, &c->text, length), text, length);
	return name;
}

static bool
is_plain(const char *key, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		char ch = key[i];

		if (!(ch >= 'a' && ch <= 'z') && !(ch >= 'A' && ch <= 'Z') && !(ch >= '0' && ch <= '9') &&
			ch != '_')
			return false;
	}
	return length > 0;
}

/* Writes criteria[2].points[1] or when["odd key"]; returns the end. With to NULL, only measures. */
static size_t
print_path(const Path *path, char *to)
{
	char number[32];
	const char *open = "[";
	const char *text = number;
	const char *close = "]";
	size_t length;
	size_t at;

	if (path->up == NULL)
		return 0;
	at = print_path(path->up, to);
	if (path->key == NULL)
	{
		length = (size_t) snprintf(number, sizeof(number), "%zu", path->index);
	}
	else
	{
		text = path->key;
		length = path->length;
		if (is_plain(text, length))
		{
			open = at > 0 ? "." : "";
			close = "";
		}
		else
		{
			open = "[\"";
			close = "\"]";
		}
	}
	if (to)
	{
		memcpy(to + at, open, strlen(open));
		memcpy(to + at + strlen(open), text, length);
		memcpy(to + at + strlen(open) + length, close, strlen(close));
	}
	return at + strlen(open) + length + strlen(close);
}

static bool
fail(Compiler *c, const Path *path, const char *problem)
{
	size_t length = print_path(path, NULL);
	char *text = c->allocate(length + 1);

	print_path(path, text);
	text[length] = '\0';
	c->error->path = length > 0 ? text : "the document";
	c->error->problem = problem;
	return false;
}

static Path
member(const Path *up, const Document *child)
{
	Path path = {up, child->key, child->key_length, 0};

	return path;
}

static Path
member_named(const Path *up, const char *key)
{
	Path path = {up, key, strlen(key), 0};

	return path;
}

static Path
element(const Path *up, size_t index)
{
	Path path = {up, NULL, 0, index};

	return path;
}

static bool
same_text(const char *a, size_t a_length, const char *b, size_t b_length)
{
	return a_length == b_length && memcmp(a, b, a_length) == 0;
}

/* The member of an object, or NULL. */
static const Document *
find(const Document *object, const char *key)
{
	for (size_t i = 0; i < object->count; i++)
	{
		const Document *child = &object->children[i];

		if (same_text(child->key, child->key_length, key, strlen(key)))
			return child;
	}
	return NULL;
}

static bool
check_kind(Compiler *c, const Path *path, const Document *node, DocumentKind kind)
{
	static const char *const problems[] = {
		[DOCUMENT_NULL] = "must be null",       [DOCUMENT_BOOLEAN] = "must be true or false",
		[DOCUMENT_NUMBER] = "must be a number", [DOCUMENT_STRING] = "must be a string",
		[DOCUMENT_ARRAY] = "must be an array",  [DOCUMENT_OBJECT] = "must be an object",
	};

	if (node->kind != kind)
		return fail(c, path, problems[kind]);
	if (kind == DOCUMENT_NUMBER && !isfinite(node->number))
		return fail(c, path, "is out of range for double precision");
	return true;
}

/* The member of a given kind, or NULL if it is missing and optional. */
static bool
get(Compiler *c, const Path *path, const Document *object, const char *key, DocumentKind kind,
	bool required, const Document **result)
{
	Path at = member_named(path, key);

	*result = find(object, key);
	if (*result == NULL)
		return !required || fail(c, &at, "is missing");
	return check_kind(c, &at, *result, kind);
}

/* Is the node an object with no other keys than these, a list that ends in NULL? */
static bool
check_object(Compiler *c, const Path *path, const Document *node, const char *const *keys)
{
	if (!check_kind(c, path, node, DOCUMENT_OBJECT))
		return false;
	for (size_t i = 0; i < node->count; i++)
	{
		const Document *child = &node->children[i];
		const char *const *key = keys;

		while (*key && !same_text(child->key, child->key_length, *key, strlen(*key)))
			key++;
		if (*key == NULL)
		{
			Path at = member(path, child);

			return fail(c, &at, "is not a known key");
		}
	}
	return true;
}

/* The index of the segment that a string names. */
static bool
get_segment(Compiler *c, const Path *path, const Document *object, const char *key, bool required,
			uint32_t *segment)
{
	const RulesSegment *segments = (const RulesSegment *) c->segments.records;
	const Document *name;
	Path at = member_named(path, key);

	*segment = RULES_NONE;
	if (!get(c, path, object, key, DOCUMENT_STRING, required, &name))
		return false;
	if (name == NULL)
		return true;
	for (size_t i = 0; i < c->segments.count; i++)
	{
		if (same_text(c->text.records + segments[i].name.offset, segments[i].name.length,
					  name->text, name->length))
		{
			*segment = (uint32_t) i;
			return true;
		}
	}
	return fail(c, &at, "is none of the segments");
}

/* The index of a fact that is used here as one of types. */
static bool
use_fact(Compiler *c, const Path *path, const char *name, size_t length, uint32_t types,
		 uint32_t *index)
{
	RulesFact *fact = (RulesFact *) c->facts.records;
	size_t i = 0;

	if (length == 0)
		return fail(c, path, "must not be empty");
	while (i < c->facts.count &&
		   !same_text(c->text.records + fact->name.offset, fact->name.length, name, length))
		i++, fact++;
	if (i == c->facts.count)
	{
		if (i == RULES_MAX_FACTS)
			return fail(c, path, "is one fact too many, at most 1000 can be used");
		fact = append(c, &c->facts, 1);
		fact->name = append_name(c, name, length);
		fact->types = types;
	}
	fact->types &= types;
	if (fact->types == 0)
		return fail(c, path, "is used as a value of another type elsewhere");
	*index = (uint32_t) i;
	return true;
}

static bool
compile_segment(Compiler *c, const Path *path, const Document *node, bool last)
{
	static const char *const keys[] = {"name", "from", NULL};
	const Document *name;
	const Document *from;
	uint32_t same;
	RulesSegment *segment;
	Path at_name = member_named(path, "name");
	Path at_from = member_named(path, "from");

	if (!check_object(c, path, node, keys) ||
		!get(c, path, node, "name", DOCUMENT_STRING, true, &name) ||
		!get(c, path, node, "from", DOCUMENT_NUMBER, !last, &from))
		return false;
	if (name->length == 0)
		return fail(c, &at_name, "must not be empty");
	if (last && from)
		return fail(c, &at_from, "is not for the last segment, which takes every lower score");
	for (same = 0; same < c->segments.count; same++)
	{
		const RulesSegment *other = (const RulesSegment *) c->segments.records + same;

		if (same_text(c->text.records + other->name.offset, other->name.length, name->text,
					  name->length))
			return fail(c, &at_name, "is the name of an earlier segment");
		if (from && !(from->number < other->from))
			return fail(c, &at_from, "must be lower than that of the segment before");
	}
	segment = append(c, &c->segments, 1);
	segment->from = last ? -INFINITY : from->number;
	segment->name = append_name(c, name->text, name->length);
	return true;
}

static bool
compile_segments(Compiler *c, const Path *root, const Document *document)
{
	const Document *segments;
	Path path = member_named(root, "segments");

	if (!get(c, root, document, "segments", DOCUMENT_ARRAY, true, &segments))
		return false;
	if (segments->count == 0)
		return fail(c, &path, "must not be empty");
	if (segments->count > RULES_MAX_SEGMENTS)
		return fail(c, &path, "must not have more than 1000 elements");
	for (size_t i = 0; i < segments->count; i++)
	{
		Path at = element(&path, i);

		if (!compile_segment(c, &at, &segments->children[i], i + 1 == segments->count))
			return false;
	}
	return true;
}

/* A value that a fact is compared with by "is" or "in". */
static bool
compile_value(Compiler *c, const Path *path, const Document *node, uint32_t *types)
{
	RulesChoice *choice;
	uint32_t type;

	switch (node->kind)
	{
		case DOCUMENT_NUMBER:
			if (!check_kind(c, path, node, DOCUMENT_NUMBER))
				return false;
			type = FACT_NUMBER;
			break;
		case DOCUMENT_STRING:
			type = FACT_STRING;
			break;
		case DOCUMENT_BOOLEAN:
			type = FACT_BOOLEAN;
			break;
		default:
			return fail(c, path, "must be a number, a string, true or false");
	}
	choice = append(c, &c->choices, 1);
	choice->types = type;
	if (type == FACT_STRING)
		choice->text = append_name(c, node->text, node->length);
	else
		choice->number = node->number;
	*types |= type;
	return true;
}

/* One fact of a "when". */
static bool
compile_condition(Compiler *c, const Path *path, const Document *node)
{
	static const char *const operators[] = {"min", "max", "is", "in", NULL};
	RulesCondition condition = {-INFINITY, INFINITY, 0, 0, (uint32_t) c->choices.count, 0};
	const Document *min;
	const Document *max;
	const Document *is;
	const Document *in;
	uint32_t types = FACT_NUMBER | FACT_STRING | FACT_BOOLEAN;
	Path at_min = member_named(path, "min");
	Path at_is = member_named(path, "is");
	Path at_in = member_named(path, "in");

	if (!check_object(c, path, node, operators) ||
		!get(c, path, node, "min", DOCUMENT_NUMBER, false, &min) ||
		!get(c, path, node, "max", DOCUMENT_NUMBER, false, &max) ||
		!get(c, path, node, "in", DOCUMENT_ARRAY, false, &in))
		return false;
	is = find(node, "is");
	if (node->count == 0)
		return fail(c, path, "must have min, max, is or in");
	if (is && in)
		return fail(c, &at_in, "cannot stand beside is");
	if (min)
		condition.min = min->number;
	if (max)
		condition.max = max->number;
	if (condition.min > condition.max)
		return fail(c, &at_min, "must not be greater than max");
	if (min || max)
	{
		condition.bounded = 1;
		types = FACT_NUMBER;
	}
	if (is || in)
	{
		uint32_t chosen = 0;

		if (in && in->count == 0)
			return fail(c, &at_in, "must not be empty");
		if (is && !compile_value(c, &at_is, is, &chosen))
			return false;
		for (size_t i = 0; in && i < in->count; i++)
		{
			Path at = element(&at_in, i);

			if (!compile_value(c, &at, &in->children[i], &chosen))
				return false;
		}
		types &= chosen;
		if (types == 0)
			return fail(c, is ? &at_is : &at_in, "must be a number beside min or max");
	}
	condition.choices = (uint32_t) c->choices.count - condition.first_choice;
	if (!use_fact(c, path, node->key, node->key_length, types, &condition.fact))
		return false;
	*(RulesCondition *) append(c, &c->conditions, 1) = condition;
	return true;
}

/* All of object.when, and the segment that it leads to. */
static bool
compile_transfer(Compiler *c, const Path *path, const Document *node, const char *target)
{
	RulesTransfer transfer = {0, 0, (uint32_t) c->conditions.count, 0};
	const Document *when;
	Path at_when = member_named(path, "when");

	if (!get_segment(c, path, node, target, true, &transfer.segment) ||
		!get(c, path, node, "when", DOCUMENT_OBJECT, true, &when))
		return false;
	if (when->count == 0)
		return fail(c, &at_when, "must not be empty");
	for (size_t i = 0; i < when->count; i++)
	{
		Path at = member(&at_when, &when->children[i]);

		if (!compile_condition(c, &at, &when->children[i]))
			return false;
	}
	transfer.conditions = (uint32_t) c->conditions.count - transfer.first_condition;
	*(RulesTransfer *) append(c, &c->transfers, 1) = transfer;
	return true;
}

static bool
compile_must(Compiler *c, const Path *root, const Document *document)
{
	static const char *const keys[] = {"segment", "when", NULL};
	const Document *must;
	Path path = member_named(root, "must");

	if (!get(c, root, document, "must", DOCUMENT_ARRAY, false, &must))
		return false;
	for (size_t i = 0; must && i < must->count; i++)
	{
		Path at = element(&path, i);

		if (!check_object(c, &at, &must->children[i], keys) ||
			!compile_transfer(c, &at, &must->children[i], "segment"))
			return false;
	}
	c->header.musts = (uint32_t) c->transfers.count;
	return true;
}

static bool
compile_develop(Compiler *c, const Path *root, const Document *document)
{
	static const char *const keys[] = {"when", "to", NULL};
	const Document *develop = find(document, "develop");
	Path path = member_named(root, "develop");

	if (develop == NULL)
		return true;
	c->header.develops = 1;
	return check_object(c, &path, develop, keys) && compile_transfer(c, &path, develop, "to");
}

/* Points of a number: [[x, y], …] */
static bool
compile_points(Compiler *c, const Path *path, const Document *points)
{
	if (points->count == 0)
		return fail(c, path, "must not be empty");
	for (size_t i = 0; i < points->count; i++)
	{
		const Document *pair = &points->children[i];
		Path at = element(path, i);
		Path at_x = element(&at, 0);
		Path at_y = element(&at, 1);
		RulesPoint *point;

		if (pair->kind != DOCUMENT_ARRAY || pair->count != 2)
			return fail(c, &at, "must be a pair [fact value, points]");
		if (!check_kind(c, &at_x, &pair->children[0], DOCUMENT_NUMBER) ||
			!check_kind(c, &at_y, &pair->children[1], DOCUMENT_NUMBER))
			return false;
		point = append(c, &c->points, 1);
		point->x = pair->children[0].number;
		point->y = pair->children[1].number;
		if (i == 0)
			continue;
		if (!(point->x > point[-1].x))
			return fail(c, &at, "must have a greater fact value than the pair before");
		if (!isfinite((point->y - point[-1].y) * (point->x - point[-1].x)))
			return fail(c, &at, "is too far from the pair before");
	}
	return true;
}

/* Can the key of a points table be met by another type than a string? */
static void
read_key(const Document *key, RulesChoice *choice)
{
	const char *end = key->key + key->key_length;
	const char *next;
	Decimal number;

	choice->types = FACT_STRING;
	if (same_text(key->key, key->key_length, "true", 4) ||
		same_text(key->key, key->key_length, "false", 5))
	{
		choice->types |= FACT_BOOLEAN;
		choice->number = key->key_length == 4;
	}
	else if (decimal_parse(key->key, end, &next, &number) && next == end)
	{
		char canonical[DECIMAL_BUFFER];

		/* 007 is a name, 7 is a number too */
		number = decimal_normalise(number);
		if (same_text(key->key, key->key_length, canonical, decimal_print(number, canonical)))
		{
			choice->types |= FACT_NUMBER;
			choice->number = decimal_to_double(number);
		}
	}
}

/* Points of a value: {value: points, …} */
static bool
compile_choices(Compiler *c, const Path *path, const Document *points, uint32_t *types)
{
	if (points->count == 0)
		return fail(c, path, "must not be empty");
	for (size_t i = 0; i < points->count; i++)
	{
		const Document *node = &points->children[i];
		Path at = member(path, node);
		RulesChoice *choice;

		if (!check_kind(c, &at, node, DOCUMENT_NUMBER))
			return false;
		choice = append(c, &c->choices, 1);
		read_key(node, choice);
		choice->points = node->number;
		*types |= choice->types;
		choice->text = append_name(c, node->key, node->key_length);
	}
	return true;
}

/* The largest magnitude of the points that a criterion may give. */
static double
largest_points(const Compiler *c, const RulesCriterion *criterion)
{
	const RulesPoint *points = (const RulesPoint *) c->points.records;
	const RulesChoice *choices = (const RulesChoice *) c->choices.records;
	double largest = isnan(criterion->otherwise) ? 0 : fabs(criterion->otherwise);

	for (uint32_t i = 0; i < criterion->points; i++)
		largest = fmax(largest, fabs(points[criterion->first_point + i].y));
	for (uint32_t i = 0; i < criterion->choices; i++)
		largest = fmax(largest, fabs(choices[criterion->first_choice + i].points));
	return largest;
}

static bool
compile_criterion(Compiler *c, const Path *path, const Document *node)
{
	static const char *const keys[] = {"fact", "weight", "points", "else", NULL};
	RulesCriterion criterion = {
		0, NAN, 0, 0, (uint32_t) c->points.count, 0, (uint32_t) c->choices.count, 0};
	const Document *fact;
	const Document *weight;
	const Document *points;
	const Document *otherwise;
	uint32_t types = FACT_NUMBER;
	Path at_fact = member_named(path, "fact");
	Path at_weight = member_named(path, "weight");
	Path at_points = member_named(path, "points");
	Path at_else = member_named(path, "else");

	if (!check_object(c, path, node, keys) ||
		!get(c, path, node, "fact", DOCUMENT_STRING, true, &fact) ||
		!get(c, path, node, "weight", DOCUMENT_NUMBER, true, &weight) ||
		!get(c, path, node, "else", DOCUMENT_NUMBER, false, &otherwise))
		return false;
	if (!(weight->number > 0))
		return fail(c, &at_weight, "must be greater than 0");
	criterion.weight = weight->number;

	points = find(node, "points");
	if (points == NULL)
		return fail(c, &at_points, "is missing");
	if (points->kind == DOCUMENT_ARRAY)
	{
		if (otherwise)
			return fail(c, &at_else, "is only for points by value");
		if (!compile_points(c, &at_points, points))
			return false;
	}
	else if (points->kind == DOCUMENT_OBJECT)
	{
		types = 0;
		if (otherwise)
			criterion.otherwise = otherwise->number;
		if (!compile_choices(c, &at_points, points, &types))
			return false;
	}
	else
		return fail(c, &at_points, "must be an array of pairs or an object");
	criterion.points = (uint32_t) c->points.count - criterion.first_point;
	criterion.choices = (uint32_t) c->choices.count - criterion.first_choice;
	if (!use_fact(c, &at_fact, fact->text, fact->length, types, &criterion.fact))
		return false;
	*(RulesCriterion *) append(c, &c->criteria, 1) = criterion;
	return true;
}

static bool
compile_criteria(Compiler *c, const Path *root, const Document *document)
{
	const Document *criteria;
	Path path = member_named(root, "criteria");
	double weights = 0;
	double products = 0;

	if (!get(c, root, document, "criteria", DOCUMENT_ARRAY, false, &criteria))
		return false;
	for (size_t i = 0; criteria && i < criteria->count; i++)
	{
		const RulesCriterion *criterion;
		Path at = element(&path, i);

		if (!compile_criterion(c, &at, &criteria->children[i]))
			return false;
		criterion = (const RulesCriterion *) c->criteria.records + i;
		weights += criterion->weight;
		products += criterion->weight * largest_points(c, criterion);
		if (!isfinite(weights) || !isfinite(products))
			return fail(c, &at, "makes the score overflow");
	}
	return true;
}

static bool
compile_limits(Compiler *c, const Path *root, const Document *document)
{
	const Document *grey;
	const Document *coverage;
	Path at_grey = member_named(root, "grey");
	Path at_coverage = member_named(root, "min_coverage");

	if (!get(c, root, document, "grey", DOCUMENT_NUMBER, false, &grey) ||
		!get(c, root, document, "min_coverage", DOCUMENT_NUMBER, false, &coverage) ||
		!get_segment(c, root, document, "undetermined", false, &c->header.undetermined))
		return false;
	if (grey)
	{
		if (!(grey->number >= 0))
			return fail(c, &at_grey, "must not be negative");
		c->header.grey = grey->number;
	}
	if (coverage)
	{
		if (!(coverage->number >= 0 && coverage->number <= 1))
			return fail(c, &at_coverage, "must be from 0 to 1");
		c->header.min_coverage = coverage->number;
	}
	return true;
}

/* The sections, one after the other. The size is a multiple of 8, for what may follow. */
static void *
assemble(Compiler *c, size_t *size)
{
	const Section *sections[] = {&c->segments, &c->facts,   &c->transfers, &c->conditions,
								 &c->criteria, &c->choices, &c->points,    &c->text};
	size_t count = sizeof(sections) / sizeof(sections[0]);
	char *result;
	char *to;

	append(c, &c->text, -c->text.count % sizeof(double));
	*size = sizeof(RulesHeader);
	for (size_t i = 0; i < count; i++)
		*size += sections[i]->count * sections[i]->record_size;
	c->header.version = RULES_VERSION;
	c->header.size = (uint32_t) *size;
	c->header.segments = (uint32_t) c->segments.count;
	c->header.facts = (uint32_t) c->facts.count;
	c->header.criteria = (uint32_t) c->criteria.count;
	c->header.conditions = (uint32_t) c->conditions.count;
	c->header.choices = (uint32_t) c->choices.count;
	c->header.points = (uint32_t) c->points.count;
	c->header.text = (uint32_t) c->text.count;

	to = result = c->allocate(*size);
	memcpy(to, &c->header, sizeof(RulesHeader));
	to += sizeof(RulesHeader);
	for (size_t i = 0; i < count; i++)
	{
		size_t bytes = sections[i]->count * sections[i]->record_size;

		if (bytes > 0)
			memcpy(to, sections[i]->records, bytes);
		to += bytes;
	}
	return result;
}

void *
rules_compile(const Document *document, RulesAllocate allocate, size_t *size, RulesError *error)
{
	static const char *const keys[] = {"segments",     "grey",         "must",    "criteria",
									   "min_coverage", "undetermined", "develop", NULL};
	Path root = {NULL, NULL, 0, 0};
	Compiler c = {
		.allocate = allocate,
		.error = error,
		.header.undetermined = RULES_NONE,
		.segments.record_size = sizeof(RulesSegment),
		.facts.record_size = sizeof(RulesFact),
		.transfers.record_size = sizeof(RulesTransfer),
		.conditions.record_size = sizeof(RulesCondition),
		.criteria.record_size = sizeof(RulesCriterion),
		.choices.record_size = sizeof(RulesChoice),
		.points.record_size = sizeof(RulesPoint),
		.text.record_size = 1,
	};

	if (!check_object(&c, &root, document, keys) || !compile_segments(&c, &root, document) ||
		!compile_limits(&c, &root, document) || !compile_must(&c, &root, document) ||
		!compile_criteria(&c, &root, document) || !compile_develop(&c, &root, document))
		return NULL;
	return assemble(&c, size);
}
