/*
 * sample.c
 *	  The data of a fit.
 */
#include "lifetime/sample.h"

#include <math.h>
#include <string.h>

#include "support/varint.h"

#define LOG_UNITS 1e18 /* 10^SAMPLE_LOG_SCALE */
#define MOST_CUSTOMERS (INT64_C(1) << 53)

/* The sum of logarithms of positive numbers, of which many are taken at once. */
typedef struct LogSum
{
	double product;
	double logs;
} LogSum;

static inline void
log_sum_add(LogSum *sum, double value)
{
	double product = sum->product * value;

	/* amounts are between 1e-9 and 1e30 */
	if (product > 1e250 || product < 1e-250)
	{
		sum->logs += log(sum->product);
		product = value;
	}
	sum->product = product;
}

static inline wide
log_sum_fixed(const LogSum *sum)
{
	return (wide) rint((sum->logs + log(sum->product)) * LOG_UNITS);
}

SampleSpend
sample_spend(const OrderDays *order)
{
	SampleSpend spend = {.count = 1, .days = (int32_t) order->count};
	wide sum = 0;

	for (size_t i = 0; i < order->count; i++)
	{
		sum += order->days[i].amount;
		spend.kept += order->days[i].amount > 0;
	}
	spend.sum = decimal_to_double((Decimal){sum, order->scale});
	if (spend.days > 1)
		spend.again =
			decimal_to_double((Decimal){sum - order->days[0].amount, order->scale});
	return spend;
}

void
sample_customer(const OrderDays *order, SampleCustomer *customer)
{
	LogSum spend = {1, 0}, gaps = {1, 0};

	for (size_t i = 0; i < order->count; i++)
	{
		const OrderDay *day = &order->days[i];

		if (day->amount > 0)
			log_sum_add(&spend, decimal_to_double((Decimal){day->amount, order->scale}));
		if (i > 0)
			log_sum_add(&gaps, (double) day->day - order->days[i - 1].day);
	}
	customer->history = (SampleHistory){1, (int32_t) order->count, order->days[0].day,
										order->days[order->count - 1].day};
	customer->spend = sample_spend(order);
	customer->log_spend = log_sum_fixed(&spend);
	customer->log_gaps = log_sum_fixed(&gaps);
}

bool
sample_merge_histories(SampleHistory *histories, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; kept += histories[kept].count != 0)
	{
		histories[kept] = histories[i];
		for (i++; i < *n && sample_compare_histories(&histories[i], &histories[kept]) == 0; i++)
			if (__builtin_add_overflow(histories[kept].count, histories[i].count,
									   &histories[kept].count))
				return false;
	}
	*n = kept;
	return true;
}

bool
sample_merge_spends(SampleSpend *spends, size_t *n)
{
	size_t kept = 0;

	for (size_t i = 0; i < *n; kept += spends[kept].count != 0)
	{
		spends[kept] = spends[i];
		for (i++; i < *n && sample_compare_spends(&spends[i], &spends[kept]) == 0; i++)
			if (__builtin_add_overflow(spends[kept].count, spends[i].count, &spends[kept].count))
				return false;
	}
	*n = kept;
	return true;
}

bool
sample_customers(const Sample *sample, int64_t *customers)
{
	*customers = 0;
	for (size_t i = 0; i < sample->history_count; i++)
	{
		int64_t count = sample->histories[i].count;

		if (count < 0 || count > MOST_CUSTOMERS - *customers)
			return false;
		*customers += count;
	}
	for (size_t i = 0; i < sample->spend_count; i++)
		if (sample->spends[i].count < 0)
			return false;
	return true;
}

int32_t
sample_last_day(const Sample *sample)
{
	int32_t last = LEDGER_FIRST_DAY;

	for (size_t i = 0; i < sample->history_count; i++)
		last = sample->histories[i].last > last ? sample->histories[i].last : last;
	return last;
}

bool
sample_check_history(const SampleHistory *history)
{
	int64_t span = (int64_t) history->last - history->first;

	return history->count != 0 && history->days >= 1 && history->days <= LEDGER_MAX_DAYS &&
		   history->first >= LEDGER_FIRST_DAY && history->last <= LEDGER_LAST_DAY &&
		   span >= history->days - 1 && (history->days > 1 || span == 0);
}

bool
sample_check_spend(const SampleSpend *spend)
{
	return spend->count != 0 && spend->days >= 1 && spend->days <= LEDGER_MAX_DAYS &&
		   spend->kept >= 0 && spend->kept <= spend->days && isfinite(spend->sum) &&
		   (spend->kept > 0 ? spend->sum > 0 : spend->sum == 0) && spend->again >= 0 &&
		   spend->again <= spend->sum && (spend->days > 1 || spend->again == 0);
}

bool
sample_check_whole(const Sample *sample)
{
	wide customers = 0, days = 0;

	for (size_t i = 0; i < sample->history_count; i++)
	{
		customers += sample->histories[i].count;
		days += (wide) sample->histories[i].count * sample->histories[i].days;
	}
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		customers -= sample->spends[i].count;
		days -= (wide) sample->spends[i].count * sample->spends[i].days;
	}
	return customers == 0 && days == 0;
}

#define HISTORY_BYTES (5 + 5 + 5 + VARINT_BYTES)
#define SPEND_BYTES (5 + 5 + 8 + 8 + VARINT_BYTES)
#define WIDE_BYTES 16

size_t
sample_size_bound(const Sample *sample)
{
	return 1 + 2 * VARINT_BYTES + sample->history_count * HISTORY_BYTES +
		   sample->spend_count * SPEND_BYTES + 2 * WIDE_BYTES;
}

static uint8_t *
put_wide(uint8_t *p, uwide value, int bytes)
{
	for (int i = bytes - 1; i >= 0; i--)
		*p++ = (uint8_t) (value >> (8 * i));
	return p;
}

static uint8_t *
put_double(uint8_t *p, double value)
{
	uint64_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return put_wide(p, bits, 8);
}

size_t
sample_write(const Sample *sample, uint8_t *bytes)
{
	uint8_t *p = bytes;
	int32_t before = 0;

	*p++ = SAMPLE_VERSION;
	p = varint_put(p, sample->history_count);
	p = varint_put(p, sample->spend_count);
	for (size_t i = 0; i < sample->history_count; i++)
	{
		const SampleHistory *h = &sample->histories[i];

		p = varint_put(p, (uint64_t) (h->days - before));
		before = h->days;
		p = varint_put(p, (uint64_t) ((int64_t) h->last - h->first));
		p = varint_put(p, varint_zigzag(h->first));
		p = varint_put(p, varint_zigzag(h->count));
	}
	before = 0;
	for (size_t i = 0; i < sample->spend_count; i++)
	{
		const SampleSpend *s = &sample->spends[i];

		p = varint_put(p, (uint64_t) (s->kept - before));
		before = s->kept;
		p = varint_put(p, (uint64_t) s->days);
		if (s->kept > 0)
			p = put_double(p, s->sum);
		if (s->kept > 0 && s->days > 1)
			p = put_double(p, s->again);
		p = varint_put(p, varint_zigzag(s->count));
	}
	p = put_wide(p, (uwide) sample->log_spend, WIDE_BYTES);
	p = put_wide(p, (uwide) sample->log_gaps, WIDE_BYTES);
	return (size_t) (p - bytes);
}

/* the least that an entry takes */
#define LEAST_HISTORY_BYTES 4
#define LEAST_SPEND_BYTES 3

typedef struct Reader
{
	const uint8_t *next;
	const uint8_t *end;
} Reader;

static bool
get_number(Reader *in, uint64_t limit, uint64_t *value)
{
	return varint_get(&in->next, in->end, value) && *value <= limit;
}

static bool
get_wide(Reader *in, int bytes, uwide *value)
{
	*value = 0;
	if (in->end - in->next < bytes)
		return false;
	for (int i = 0; i < bytes; i++)
		*value = *value << 8 | *in->next++;
	return true;
}

static bool
get_double(Reader *in, double *value)
{
	uwide wide_bits;
	uint64_t bits;

	if (!get_wide(in, 8, &wide_bits))
		return false;
	bits = (uint64_t) wide_bits;
	memcpy(value, &bits, sizeof(bits));
	return !signbit(*value);
}

static SampleRead
open_reader(Reader *in, const uint8_t *bytes, size_t length, uint64_t *histories, uint64_t *spends)
{
	in->next = bytes + 1;
	in->end = bytes + length;
	if (length == 0)
		return SAMPLE_DAMAGED;
	if (bytes[0] != SAMPLE_VERSION)
		return SAMPLE_OTHER_VERSION;
	if (!get_number(in, length / LEAST_HISTORY_BYTES, histories) ||
		!get_number(in, length / LEAST_SPEND_BYTES, spends))
		return SAMPLE_DAMAGED;
	return SAMPLE_FINE;
}

SampleRead
sample_read_counts(const uint8_t *bytes, size_t length, size_t *histories, size_t *spends)
{
	Reader in;
	uint64_t n = 0, m = 0;
	SampleRead read = open_reader(&in, bytes, length, &n, &m);

	*histories = (size_t) n;
	*spends = (size_t) m;
	return read;
}

static bool
read_history(Reader *in, const SampleHistory *before, SampleHistory *h)
{
	uint64_t days, span, first, count;
	int64_t first_day;

	if (!get_number(in, LEDGER_MAX_DAYS, &days) || !get_number(in, UINT32_MAX, &span) ||
		!get_number(in, UINT32_MAX, &first) || !get_number(in, UINT64_MAX, &count))
		return false;
	days += before ? (uint64_t) before->days : 0;
	first_day = varint_unzigzag(first);
	if (days > LEDGER_MAX_DAYS || first_day < LEDGER_FIRST_DAY ||
		first_day + (int64_t) span > LEDGER_LAST_DAY)
		return false;
	*h = (SampleHistory){varint_unzigzag(count), (int32_t) days, (int32_t) first_day,
						 (int32_t) (first_day + (int64_t) span)};
	return sample_check_history(h) && (before == NULL || sample_compare_histories(before, h) < 0);
}

static bool
read_spend(Reader *in, const SampleSpend *before, SampleSpend *s)
{
	uint64_t kept, days, count;

	*s = (SampleSpend){0};
	if (!get_number(in, LEDGER_MAX_DAYS, &kept) || !get_number(in, LEDGER_MAX_DAYS, &days))
		return false;
	kept += before ? (uint64_t) before->kept : 0;
	if (kept > LEDGER_MAX_DAYS)
		return false;
	s->kept = (int32_t) kept;
	s->days = (int32_t) days;
	if (kept > 0 && (!get_double(in, &s->sum) || (days > 1 && !get_double(in, &s->again))))
		return false;
	if (!get_number(in, UINT64_MAX, &count))
		return false;
	s->count = varint_unzigzag(count);
	return sample_check_spend(s) && (before == NULL || sample_compare_spends(before, s) < 0);
}

SampleRead
sample_read(const uint8_t *bytes, size_t length, Sample *sample)
{
	Reader in;
	uint64_t histories, spends;
	uwide log_spend, log_gaps;
	SampleRead read = open_reader(&in, bytes, length, &histories, &spends);

	if (read != SAMPLE_FINE)
		return read;
	sample->history_count = (size_t) histories;
	sample->spend_count = (size_t) spends;
	for (size_t i = 0; i < histories; i++)
		if (!read_history(&in, i > 0 ? &sample->histories[i - 1] : NULL, &sample->histories[i]))
			return SAMPLE_DAMAGED;
	for (size_t i = 0; i < spends; i++)
		if (!read_spend(&in, i > 0 ? &sample->spends[i - 1] : NULL, &sample->spends[i]))
			return SAMPLE_DAMAGED;
	if (!get_wide(&in, WIDE_BYTES, &log_spend) || !get_wide(&in, WIDE_BYTES, &log_gaps) ||
		in.next != in.end || !sample_check_whole(sample))
		return SAMPLE_DAMAGED;
	sample->log_spend = (wide) log_spend;
	sample->log_gaps = (wide) log_gaps;
	return SAMPLE_FINE;
}
