/*
 * sample_builder.c
 *	  How a sample comes about, customer by customer and sample by sample.
 *
 * Histories repeat from customer to customer and are counted in a hash table. What customers spend
 * seldom repeats and is collected in an array; when the room is used up, equal entries are merged,
 * and only if that leaves little room is more taken.
 */
#include "lifetime/clv_sample.h"

#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "support/compat.h"

/* no padding: it is hashed as bytes */
typedef struct HistoryKey
{
	int32 days;
	int32 first;
	int32 last;
} HistoryKey;

typedef struct HistoryEntry
{
	HistoryKey key;
	uint32 hash;
	int64 count;
	char status;
} HistoryEntry;

#define SH_PREFIX histories
#define SH_ELEMENT_TYPE HistoryEntry
#define SH_KEY_TYPE HistoryKey
#define SH_KEY key
#define SH_HASH_KEY(table, key)                                                         \
	hash_combine(hash_combine(murmurhash32((uint32) key.first),                         \
							  murmurhash32((uint32) key.last)),                         \
				 murmurhash32((uint32) key.days))
#define SH_EQUAL(table, a, b) ((a).days == (b).days && (a).first == (b).first && (a).last == (b).last)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

#define ST_SORT sort_histories
#define ST_ELEMENT_TYPE SampleHistory
#define ST_COMPARE(a, b) sample_compare_histories(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

#define ST_SORT sort_spends
#define ST_ELEMENT_TYPE SampleSpend
#define ST_COMPARE(a, b) sample_compare_spends(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

struct SampleBuilder
{
	histories_hash *histories;
	SampleSpend *spends;
	size_t spend_count;
	size_t spend_room;
	wide log_spend;
	wide log_gaps;
};

#define FIRST_HISTORIES 64
#define FIRST_SPENDS 16

static void
out_of_range(void)
{
	ereport(ERROR, (errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					errmsg("count or sum of a clv_sample out of range")));
}

SampleBuilder *
sample_builder_make(MemoryContext context)
{
	SampleBuilder *builder = MemoryContextAllocZero(context, sizeof(SampleBuilder));

	builder->histories = histories_create(context, FIRST_HISTORIES, NULL);
	builder->spend_room = FIRST_SPENDS;
	builder->spends = MemoryContextAlloc(context, FIRST_SPENDS * sizeof(SampleSpend));
	return builder;
}

static void
merge_spends(SampleBuilder *builder)
{
	sort_spends(builder->spends, builder->spend_count);
	if (!sample_merge_spends(builder->spends, &builder->spend_count))
		out_of_range();
}

static pg_noinline void
make_room(SampleBuilder *builder)
{
	merge_spends(builder);
	if (builder->spend_count <= builder->spend_room / 2)
		return;
	builder->spends =
		repalloc_huge(builder->spends, 2 * builder->spend_room * sizeof(SampleSpend));
	builder->spend_room *= 2;
}

static void
add_history(SampleBuilder *builder, const SampleHistory *history)
{
	HistoryKey key = {history->days, history->first, history->last};
	bool found;
	HistoryEntry *entry = histories_insert(builder->histories, key, &found);

	if (!found)
		entry->count = history->count;
	else if (__builtin_add_overflow(entry->count, history->count, &entry->count))
		out_of_range();
}

static void
add_spend(SampleBuilder *builder, const SampleSpend *spend)
{
	if (builder->spend_count == builder->spend_room)
		make_room(builder);
	builder->spends[builder->spend_count++] = *spend;
}

static void
add_logs(SampleBuilder *builder, wide log_spend, wide log_gaps)
{
	if (__builtin_add_overflow(builder->log_spend, log_spend, &builder->log_spend) ||
		__builtin_add_overflow(builder->log_gaps, log_gaps, &builder->log_gaps))
		out_of_range();
}

void
sample_builder_add_order_days(SampleBuilder *builder, const OrderDays *order)
{
	SampleCustomer customer;

	sample_customer(order, &customer);
	add_history(builder, &customer.history);
	add_spend(builder, &customer.spend);
	add_logs(builder, customer.log_spend, customer.log_gaps);
}

bool
sample_builder_add_ledger(SampleBuilder *builder, const CustomerValue *value, DateADT as_of)
{
	OrderDays order = customer_value_read_orders(value, as_of);
	bool known = order.count > 0;

	if (known)
		sample_builder_add_order_days(builder, &order);
	pfree(order.days);
	return known;
}

void
sample_builder_add_sample(SampleBuilder *builder, const Sample *sample, int sign)
{
	for (size_t i = 0; i < sample->history_count; i++)
	{
		SampleHistory history = sample->histories[i];

		if (history.count == PG_INT64_MIN)
			out_of_range();
		history.count *= sign;
		add_history(builder, &history);
	}
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		SampleSpend spend = sample->spends[i];

		if (spend.count == PG_INT64_MIN)
			out_of_range();
		spend.count *= sign;
		add_spend(builder, &spend);
	}
	add_logs(builder, sign * sample->log_spend, sign * sample->log_gaps);
}

Sample
sample_builder_sample(SampleBuilder *builder)
{
	Sample sample = {.log_spend = builder->log_spend, .log_gaps = builder->log_gaps};
	histories_iterator iterator;
	HistoryEntry *entry;

	sample.histories = MemoryContextAllocHuge(
		CurrentMemoryContext, ((Size) builder->histories->members + 1) * sizeof(SampleHistory));
	histories_start_iterate(builder->histories, &iterator);
	while ((entry = histories_iterate(builder->histories, &iterator)) != NULL)
		if (entry->count != 0)
			sample.histories[sample.history_count++] = (SampleHistory){
				entry->count, entry->key.days, entry->key.first, entry->key.last};
	sort_histories(sample.histories, sample.history_count);
	merge_spends(builder);
	sample.spends = builder->spends;
	sample.spend_count = builder->spend_count;
	return sample;
}

bytea *
sample_pack(const Sample *sample)
{
	Size bound = VARHDRSZ + sample_size_bound(sample);
	bytea *packed = MemoryContextAllocHuge(CurrentMemoryContext, bound);
	Size size = VARHDRSZ + sample_write(sample, (uint8 *) VARDATA(packed));

	if (size > MaxAllocSize)
		ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
						errmsg("clv_sample is too large"),
						errdetail("It would take %zu bytes, and at most %zu can be stored.", size,
								  (Size) MaxAllocSize)));
	SET_VARSIZE(packed, size);
	return packed;
}

Sample
sample_unpack(const void *bytes, size_t length)
{
	Sample sample = {0};
	size_t histories, spends;
	SampleRead read = sample_read_counts(bytes, length, &histories, &spends);

	if (read == SAMPLE_FINE)
	{
		sample.histories = MemoryContextAllocHuge(CurrentMemoryContext,
												  (histories + 1) * sizeof(SampleHistory));
		sample.spends =
			MemoryContextAllocHuge(CurrentMemoryContext, (spends + 1) * sizeof(SampleSpend));
		read = sample_read(bytes, length, &sample);
	}
	if (read == SAMPLE_OTHER_VERSION)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
						errmsg("clv_sample is of an unknown version"),
						errdetail("Version %d is known.", SAMPLE_VERSION)));
	if (read == SAMPLE_DAMAGED)
		ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED), errmsg("clv_sample is damaged")));
	return sample;
}
