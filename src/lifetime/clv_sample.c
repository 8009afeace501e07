/*
 * clv_sample.c
 *	  The type clv_sample: input, output, casts, operators and aggregates.
 *
 * As text and as jsonb a sample is
 *	  {"version": 1,
 *	   "histories": [["1997-01-01", "1997-08-02", 3, 1], ...],	first and last order day, order days, customers
 *	   "spends": [[3, 3, 74.02, 44.69, 1], ...],	order days, those kept, amount of all, of all but the first, customers
 *	   "log_spend": 9.478..., "log_gaps": 8.117...}
 * Text is read and written without jsonb in between, for a sample of millions of customers is larger
 * than a jsonb can be.
 *
 * The state of the aggregates is the type itself, as an expanded object: a builder, which is written
 * down only where the state leaves the process.
 */
#include "postgres.h"

#include <ctype.h>

#include "common/hashfn.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/expandeddatum.h"
#include "utils/fmgrprotos.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"

#include "support/aggregate.h"
#include "support/compat.h"
#include "lifetime/clv_sample.h"

PG_FUNCTION(clv_sample_in);
PG_FUNCTION(clv_sample_out);
PG_FUNCTION(clv_sample_recv);
PG_FUNCTION(clv_sample_send);
PG_FUNCTION(clv_sample_to_jsonb);
PG_FUNCTION(clv_sample_from_jsonb);
PG_FUNCTION(clv_sample_add);
PG_FUNCTION(clv_sample_subtract);
PG_FUNCTION(clv_sample_negate);
PG_FUNCTION(clv_sample_cmp);
PG_FUNCTION(clv_sample_eq);
PG_FUNCTION(clv_sample_ne);
PG_FUNCTION(clv_sample_lt);
PG_FUNCTION(clv_sample_le);
PG_FUNCTION(clv_sample_gt);
PG_FUNCTION(clv_sample_ge);
PG_FUNCTION(clv_sample_hash);
PG_FUNCTION(clv_sample_hash_extended);
PG_FUNCTION(clv_sample_accumulate);
PG_FUNCTION(clv_sample_merge);

Sample
clv_sample_get(Datum datum)
{
	struct varlena *packed = PG_DETOAST_DATUM_PACKED(datum);

	return sample_unpack(VARDATA_ANY(packed), VARSIZE_ANY_EXHDR(packed));
}

/*
 * Text
 */

static void
put_number(StringInfo out, double value)
{
	char buffer[DOUBLE_SHORTEST_DECIMAL_LEN];

	double_to_shortest_decimal_buf(value, buffer);
	appendStringInfoString(out, buffer);
}

static void
put_log(StringInfo out, const char *name, wide log)
{
	char buffer[DECIMAL_BUFFER];

	decimal_print(decimal_normalise((Decimal){log, SAMPLE_LOG_SCALE}), buffer);
	appendStringInfo(out, ", \"%s\": %s", name, buffer);
}

static char *
print_sample(const Sample *sample)
{
	StringInfoData out;

	initStringInfo(&out);
	appendStringInfo(&out, "{\"version\": %d, \"histories\": [", SAMPLE_VERSION);
	for (size_t i = 0; i < sample->history_count; i++)
	{
		const SampleHistory *h = &sample->histories[i];
		char first[LEDGER_DATE_BUFFER], last[LEDGER_DATE_BUFFER];

		ledger_print_date(h->first, first);
		ledger_print_date(h->last, last);
		appendStringInfo(&out, "%s[\"%s\", \"%s\", %d, " INT64_FORMAT "]", i ? ", " : "", first,
						 last, h->days, h->count);
	}
	appendStringInfoString(&out, "], \"spends\": [");
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		const SampleSpend *s = &sample->spends[i];

		appendStringInfo(&out, "%s[%d, %d, ", i ? ", " : "", s->days, s->kept);
		put_number(&out, s->sum);
		appendStringInfoString(&out, ", ");
		put_number(&out, s->again);
		appendStringInfo(&out, ", " INT64_FORMAT "]", s->count);
	}
	appendStringInfoChar(&out, ']');
	put_log(&out, "log_spend", sample->log_spend);
	put_log(&out, "log_gaps", sample->log_gaps);
	appendStringInfoChar(&out, '}');
	return out.data;
}

/* What is still to be read. */
typedef struct Scanner
{
	const char *next;
	const char *end;
} Scanner;

static void
skip_space(Scanner *in)
{
	while (isspace((unsigned char) *in->next))
		in->next++;
}

static bool
take(Scanner *in, char expected)
{
	skip_space(in);
	if (*in->next != expected)
		return false;
	in->next++;
	return true;
}

/* A word in quotes, up to size - 1 characters long, without escapes. */
static bool
take_word(Scanner *in, char *word, size_t size)
{
	size_t n = 0;

	if (!take(in, '"'))
		return false;
	while (*in->next != '"' && *in->next != '\\' && *in->next != '\0' && n < size - 1)
		word[n++] = *in->next++;
	word[n] = '\0';
	return take(in, '"');
}

static bool
take_whole(Scanner *in, int64 least, int64 *value)
{
	char *end;

	skip_space(in);
	if (*in->next != '-' && !isdigit((unsigned char) *in->next))
		return false;
	errno = 0;
	*value = strtoll(in->next, &end, 10);
	in->next = end;
	return errno == 0 && *value >= least;
}

static bool
take_small(Scanner *in, int32 *value)
{
	int64 whole;

	if (!take_whole(in, 0, &whole) || whole > PG_INT32_MAX)
		return false;
	*value = (int32) whole;
	return true;
}

static bool
take_double(Scanner *in, double *value)
{
	char *end;

	skip_space(in);
	if (!isdigit((unsigned char) *in->next))
		return false;
	errno = 0;
	*value = strtod(in->next, &end);
	in->next = end;
	return errno == 0;
}

static bool
take_log(Scanner *in, wide *log)
{
	Decimal decimal;

	skip_space(in);
	return decimal_parse(in->next, in->end, &in->next, &decimal) &&
		   decimal_rescale(decimal.mantissa, decimal.scale, SAMPLE_LOG_SCALE, log);
}

static bool
take_day(Scanner *in, int32 *day)
{
	char word[LEDGER_DATE_BUFFER];
	const char *next;

	return take_word(in, word, sizeof(word)) &&
		   ledger_parse_date(word, word + strlen(word), &next, day) == LEDGER_FINE && *next == '\0';
}

static bool
take_history(Scanner *in, SampleHistory *h)
{
	return take(in, '[') && take_day(in, &h->first) && take(in, ',') && take_day(in, &h->last) &&
		   take(in, ',') && take_small(in, &h->days) && take(in, ',') &&
		   take_whole(in, PG_INT64_MIN, &h->count) && take(in, ']') && sample_check_history(h);
}

static bool
take_spend(Scanner *in, SampleSpend *s)
{
	return take(in, '[') && take_small(in, &s->days) && take(in, ',') && take_small(in, &s->kept) &&
		   take(in, ',') && take_double(in, &s->sum) && take(in, ',') &&
		   take_double(in, &s->again) && take(in, ',') &&
		   take_whole(in, PG_INT64_MIN, &s->count) && take(in, ']') && sample_check_spend(s);
}

/* An array of entries, in any order, each given to the builder. */
static bool
take_entries(Scanner *in, SampleBuilder *builder, bool spends)
{
	if (!take(in, '['))
		return false;
	if (take(in, ']'))
		return true;
	do
	{
		SampleHistory history;
		SampleSpend spend;
		Sample one = {0};

		CHECK_FOR_INTERRUPTS();
		if (spends ? !take_spend(in, &spend) : !take_history(in, &history))
			return false;
		one.spends = &spend;
		one.spend_count = spends;
		one.histories = &history;
		one.history_count = !spends;
		sample_builder_add_sample(builder, &one, 1);
	} while (take(in, ','));
	return take(in, ']');
}

static const char *const members[] = {"version", "histories", "spends", "log_spend", "log_gaps"};
#define ALL_MEMBERS ((1 << lengthof(members)) - 1)

/* One member; false if it is unknown, there twice or cannot be. */
static bool
take_member(Scanner *in, SampleBuilder *builder, Sample *logs, int64 *version, int *seen)
{
	char name[16];
	int which = 0;

	if (!take_word(in, name, sizeof(name)) || !take(in, ':'))
		return false;
	while (which < (int) lengthof(members) && strcmp(name, members[which]) != 0)
		which++;
	if (which == (int) lengthof(members) || (*seen & (1 << which)) != 0)
		return false;
	*seen |= 1 << which;
	switch (which)
	{
		case 0:
			return take_whole(in, 0, version);
		case 1:
		case 2:
			return take_entries(in, builder, which == 2);
		case 3:
			return take_log(in, &logs->log_spend);
		default:
			return take_log(in, &logs->log_gaps);
	}
}

/* The sample that the text says; a wrong one is a soft error and gives NULL. */
static bytea *
parse_sample(const char *text, Node *escontext)
{
	Scanner in = {text, text + strlen(text)};
	SampleBuilder *builder = sample_builder_make(CurrentMemoryContext);
	Sample sample = {0};
	int64 version = SAMPLE_VERSION;
	int seen = 0;
	bool good = take(&in, '{');

	(void) escontext;
	while (good && take_member(&in, builder, &sample, &version, &seen) && take(&in, ','))
		;
	if (version != SAMPLE_VERSION)
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("clv_sample is of an unknown version"),
				 errdetail("Version %d is known, not " INT64_FORMAT ".", SAMPLE_VERSION, version)));
	good = good && seen == ALL_MEMBERS && take(&in, '}');
	skip_space(&in);
	if (!good || *in.next != '\0')
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type clv_sample"),
				 errdetail("What begins with \"%.*s\" cannot be there.", 20, in.next)));
	sample_builder_add_sample(builder, &sample, 1);
	sample = sample_builder_sample(builder);
	if (!sample_check_whole(&sample))
		ereturn(escontext, NULL,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type clv_sample"),
				 errdetail("Histories and spends tell of different customers or order days.")));
	return sample_pack(&sample);
}

/*
 * clv_sample_in(cstring) returns clv_sample
 */
Datum
clv_sample_in(PG_FUNCTION_ARGS)
{
	bytea *packed = parse_sample(PG_GETARG_CSTRING(0), fcinfo->context);

	if (packed == NULL)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(packed);
}

/*
 * clv_sample_out(clv_sample) returns cstring
 */
Datum
clv_sample_out(PG_FUNCTION_ARGS)
{
	Sample sample = clv_sample_get(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(print_sample(&sample));
}

/*
 * clv_sample_recv(internal) returns clv_sample
 */
Datum
clv_sample_recv(PG_FUNCTION_ARGS)
{
	StringInfo message = (StringInfo) PG_GETARG_POINTER(0);
	int length = message->len - message->cursor;
	Sample sample = sample_unpack(pq_getmsgbytes(message, length), (size_t) length);

	PG_RETURN_BYTEA_P(sample_pack(&sample));
}

/*
 * clv_sample_send(clv_sample) returns bytea
 */
Datum
clv_sample_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P((bytea *) PG_DETOAST_DATUM_COPY(PG_GETARG_DATUM(0)));
}

/*
 * clv_sample_to_jsonb(clv_sample) returns jsonb
 */
Datum
clv_sample_to_jsonb(PG_FUNCTION_ARGS)
{
	Sample sample = clv_sample_get(PG_GETARG_DATUM(0));

	PG_RETURN_DATUM(DirectFunctionCall1(jsonb_in, CStringGetDatum(print_sample(&sample))));
}

/*
 * clv_sample_from_jsonb(jsonb) returns clv_sample
 */
Datum
clv_sample_from_jsonb(PG_FUNCTION_ARGS)
{
	Jsonb *json = PG_GETARG_JSONB_P(0);

	PG_RETURN_BYTEA_P(parse_sample(JsonbToCString(NULL, &json->root, VARSIZE(json)), NULL));
}

/*
 * Operators
 */

static Datum
combine(Datum a, Datum b, int sign_a, int sign_b)
{
	SampleBuilder *builder = sample_builder_make(CurrentMemoryContext);
	Sample sample;

	sample = clv_sample_get(a);
	sample_builder_add_sample(builder, &sample, sign_a);
	if (sign_b != 0)
	{
		sample = clv_sample_get(b);
		sample_builder_add_sample(builder, &sample, sign_b);
	}
	sample = sample_builder_sample(builder);
	return PointerGetDatum(sample_pack(&sample));
}

/*
 * clv_sample_add(clv_sample, clv_sample) returns clv_sample
 */
Datum
clv_sample_add(PG_FUNCTION_ARGS)
{
	return combine(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), 1, 1);
}

/*
 * clv_sample_subtract(clv_sample, clv_sample) returns clv_sample
 */
Datum
clv_sample_subtract(PG_FUNCTION_ARGS)
{
	return combine(PG_GETARG_DATUM(0), PG_GETARG_DATUM(1), 1, -1);
}

/*
 * clv_sample_negate(clv_sample) returns clv_sample
 */
Datum
clv_sample_negate(PG_FUNCTION_ARGS)
{
	return combine(PG_GETARG_DATUM(0), 0, -1, 0);
}

/* The order of the bytes, which means nothing. */
static int
compare(FunctionCallInfo fcinfo)
{
	bytea *a = (bytea *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	bytea *b = (bytea *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(1));
	int order = memcmp(VARDATA_ANY(a), VARDATA_ANY(b),
					   Min(VARSIZE_ANY_EXHDR(a), VARSIZE_ANY_EXHDR(b)));

	if (order == 0)
		order = (VARSIZE_ANY_EXHDR(a) > VARSIZE_ANY_EXHDR(b)) -
				(VARSIZE_ANY_EXHDR(a) < VARSIZE_ANY_EXHDR(b));
	PG_FREE_IF_COPY(a, 0);
	PG_FREE_IF_COPY(b, 1);
	return order;
}

/*
 * clv_sample_cmp(clv_sample, clv_sample) returns int
 */
Datum
clv_sample_cmp(PG_FUNCTION_ARGS)
{
	PG_RETURN_INT32(compare(fcinfo));
}

/*
 * clv_sample_eq(clv_sample, clv_sample) returns boolean, and so the others
 */
Datum
clv_sample_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) == 0);
}

Datum
clv_sample_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) != 0);
}

Datum
clv_sample_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) < 0);
}

Datum
clv_sample_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) <= 0);
}

Datum
clv_sample_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) > 0);
}

Datum
clv_sample_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(compare(fcinfo) >= 0);
}

static uint64
hash(FunctionCallInfo fcinfo, uint64 seed)
{
	bytea *packed = (bytea *) PG_DETOAST_DATUM_PACKED(PG_GETARG_DATUM(0));
	uint64 result = hash_bytes_extended((const unsigned char *) VARDATA_ANY(packed),
										(int) VARSIZE_ANY_EXHDR(packed), seed);

	PG_FREE_IF_COPY(packed, 0);
	return result;
}

/*
 * clv_sample_hash(clv_sample) returns int
 */
Datum
clv_sample_hash(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT32((uint32) hash(fcinfo, 0));
}

/*
 * clv_sample_hash_extended(clv_sample, bigint) returns bigint
 */
Datum
clv_sample_hash_extended(PG_FUNCTION_ARGS)
{
	PG_RETURN_UINT64(hash(fcinfo, (uint64) PG_GETARG_INT64(1)));
}

/*
 * Aggregates: the expanded object.
 */

#define EXPANDED_MAGIC 0x534D5031

typedef struct ExpandedSample
{
	ExpandedObjectHeader header;
	uint32 magic;
	SampleBuilder *builder;
	bytea *flat; /* as it has been written down; NULL since the last change */
} ExpandedSample;

static Size
flat_size(ExpandedObjectHeader *header)
{
	ExpandedSample *expanded = (ExpandedSample *) header;

	if (expanded->flat == NULL)
	{
		MemoryContext old = MemoryContextSwitchTo(header->eoh_context);
		Sample sample = sample_builder_sample(expanded->builder);

		expanded->flat = sample_pack(&sample);
		pfree(sample.histories);
		MemoryContextSwitchTo(old);
	}
	return VARSIZE(expanded->flat);
}

static void
flatten(ExpandedObjectHeader *header, void *result, Size size)
{
	memcpy(result, ((ExpandedSample *) header)->flat, size);
}

static const ExpandedObjectMethods sample_methods = {flat_size, flatten};

/* The state in argument 0 to add to: itself where it is ours, a copy where it is not, new where NULL. */
static ExpandedSample *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = aggregate_context(fcinfo);
	ExpandedSample *expanded;
	MemoryContext own;

	if (!PG_ARGISNULL(0) && VARATT_IS_EXTERNAL_EXPANDED_RW(DatumGetPointer(PG_GETARG_DATUM(0))))
	{
		expanded = (ExpandedSample *) DatumGetEOHP(PG_GETARG_DATUM(0));
		if (expanded->header.eoh_methods != &sample_methods || expanded->magic != EXPANDED_MAGIC)
			elog(ERROR, "unexpected expanded object");
		if (expanded->flat)
			pfree(expanded->flat);
		expanded->flat = NULL;
		return expanded;
	}
	own = AllocSetContextCreate(context, "clv_sample", ALLOCSET_DEFAULT_SIZES);
	expanded = MemoryContextAllocZero(own, sizeof(ExpandedSample));
	EOH_init_header(&expanded->header, &sample_methods, own);
	expanded->magic = EXPANDED_MAGIC;
	expanded->builder = sample_builder_make(own);
	if (!PG_ARGISNULL(0))
	{
		Sample sample = clv_sample_get(PG_GETARG_DATUM(0));

		sample_builder_add_sample(expanded->builder, &sample, 1);
	}
	return expanded;
}

/* Argument 0 as it is. */
static Datum
unchanged(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	PG_RETURN_DATUM(PG_GETARG_DATUM(0));
}

/*
 * clv_sample_accumulate(clv_sample, cv customer_value) returns clv_sample
 */
Datum
clv_sample_accumulate(PG_FUNCTION_ARGS)
{
	ExpandedSample *state;
	OrderDays order;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	order = customer_value_read_orders(PG_GETARG_CUSTOMER_VALUE(1), LEDGER_LAST_DAY);
	if (order.count == 0)
		return unchanged(fcinfo);
	state = get_state(fcinfo);
	sample_builder_add_order_days(state->builder, &order);
	pfree(order.days);
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->header));
}

/*
 * clv_sample_merge(clv_sample, clv_sample) returns clv_sample: of sum(), and the combine function of both
 */
Datum
clv_sample_merge(PG_FUNCTION_ARGS)
{
	ExpandedSample *state;
	Sample sample;

	aggregate_context(fcinfo);
	if (PG_ARGISNULL(1))
		return unchanged(fcinfo);
	state = get_state(fcinfo);
	sample = clv_sample_get(PG_GETARG_DATUM(1));
	sample_builder_add_sample(state->builder, &sample, 1);
	pfree(sample.histories);
	pfree(sample.spends);
	PG_RETURN_DATUM(EOHPGetRWDatum(&state->header));
}
