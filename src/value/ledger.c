/*
 * ledger.c
 *	  The ledger's arithmetic, its bytes and its totals. Plain C: knows nothing of PostgreSQL.
 */
#include "value/ledger.h"

#include <string.h>

#include "support/select.h"

#define COSTS_FLAG 0x10
#define SCALE_MASK 0x0F
#define VERSION_SHIFT 5

/* the kind of a day, see ledger.h */
#define NO_COST 0
#define COST_OF_ORDERS 1
#define COST_OF_SOME 2

#define TRAITS 12
#define KIND_TRAIT 4
#define AMOUNT_SIGN_TRAIT 2
#define COST_SIGN_TRAIT 1

/* a day takes no more: step 5, amount 15, traits 6, costed 5, cost 15 */
#define DAY_BYTES 46

/* so many bits can a varint have that we write: LEDGER_DIGITS digits and a flag need 101 */
#define VARINT_BITS 105

/* so many days take less than a hundredth of a second */
#define PAUSE_DAYS (1 << 16)

void (*ledger_pause)(void) = NULL;

static inline void
pause_after(size_t days)
{
	if (days % PAUSE_DAYS == 0 && days > 0 && ledger_pause != NULL)
		ledger_pause();
}

static inline uwide
zigzag(wide value)
{
	return value < 0 ? ~((uwide) value << 1) : (uwide) value << 1;
}

static inline wide
unzigzag(uwide value)
{
	return (value & 1) ? (wide) ~(value >> 1) : (wide) (value >> 1);
}

static inline uint8_t *
put_varint(uint8_t *p, uwide value)
{
	while (value >= 0x80)
	{
		*p++ = (uint8_t) value | 0x80;
		value >>= 7;
	}
	*p++ = (uint8_t) value;
	return p;
}

/*
 * Reads a varint; false at the end of the bytes, or if it is longer than need be or than we write.
 */
static inline bool
get_varint(LedgerReader *reader, uwide *value)
{
	const uint8_t *p = reader->next;
	uwide sum = 0;

	for (int shift = 0; p < reader->end && shift < VARINT_BITS; shift += 7)
	{
		uint8_t byte = *p++;

		sum |= (uwide) (byte & 0x7F) << shift;
		if (byte < 0x80)
		{
			reader->next = p;
			*value = sum;
			return byte != 0 || shift == 0;
		}
	}
	return false;
}

static inline bool
as_count(uwide value, int64_t *count)
{
	if (value > UINT32_MAX)
		return false;
	*count = (int64_t) unzigzag(value);
	return true;
}

void
ledger_open(LedgerReader *reader, const void *bytes, size_t length)
{
	memset(reader, 0, sizeof(*reader));
	reader->next = bytes;
	reader->end = reader->next + length;
	if (length == 0)
	{
		reader->damaged = true;
		return;
	}
	reader->scale = *reader->next & SCALE_MASK;
	reader->costs = (*reader->next & COSTS_FLAG) != 0;
	reader->damaged =
		*reader->next >> VERSION_SHIFT != LEDGER_VERSION || reader->scale > LEDGER_MAX_SCALE;
	reader->next++;
}

static inline bool
get_step(LedgerReader *reader)
{
	uwide step;

	if (!get_varint(reader, &step))
		return false;
	if (reader->started)
	{
		if (step >= (uwide) ((int64_t) LEDGER_LAST_DAY - reader->day))
			return false;
		reader->day += 1 + (int32_t) step;
	}
	else
	{
		wide first = unzigzag(step);

		if (first < LEDGER_FIRST_DAY || first > LEDGER_LAST_DAY)
			return false;
		reader->day = (int32_t) first;
		reader->started = true;
	}
	return true;
}

static inline bool
get_day(LedgerReader *reader, LedgerDay *day)
{
	unsigned kind = reader->costs ? COST_OF_ORDERS : NO_COST;
	unsigned traits = 0;
	uwide value;

	if (!get_step(reader) || !get_varint(reader, &value))
		return false;
	day->day = reader->day;
	day->orders = 1;
	day->costed = 0;
	day->amount = (wide) (value >> 1);
	day->cost = 0;
	if (value & 1)
	{
		if (!get_varint(reader, &value) || value > UINT64_MAX ||
			!as_count((uint64_t) value / TRAITS, &day->orders))
			return false;
		traits = (unsigned) ((uint64_t) value % TRAITS);
		kind = traits / KIND_TRAIT;
		if (traits & AMOUNT_SIGN_TRAIT)
			day->amount = -day->amount;
	}
	if (kind == COST_OF_ORDERS)
		day->costed = day->orders;
	else if (kind == COST_OF_SOME && !(get_varint(reader, &value) && as_count(value, &day->costed)))
		return false;
	if (kind != NO_COST)
	{
		if (!get_varint(reader, &value))
			return false;
		day->cost = traits & COST_SIGN_TRAIT ? -(wide) value : (wide) value;
	}
	return true;
}

bool
ledger_next(LedgerReader *reader, LedgerDay *day)
{
	if (reader->damaged || reader->next == reader->end)
		return false;
	if (reader->days < LEDGER_MAX_DAYS && get_day(reader, day))
	{
		pause_after(++reader->days);
		return true;
	}
	reader->damaged = true;
	return false;
}

/*
 * A day takes two bytes at least: its step and its amount.
 */
size_t
ledger_most_days(size_t length)
{
	return length / 2 < LEDGER_MAX_DAYS ? length / 2 : LEDGER_MAX_DAYS;
}

static inline bool
is_void(const LedgerDay *day)
{
	return day->orders == 0 && day->costed == 0 && day->amount == 0 && day->cost == 0;
}

static inline bool
knows_cost(const LedgerDay *day)
{
	return day->costed != 0 || day->cost != 0;
}

static inline bool
is_multiple(wide figure, wide divisor)
{
	/* dividing 128 bits takes many times as long */
	if (figure >= INT64_MIN && figure <= INT64_MAX)
		return (int64_t) figure % (int64_t) divisor == 0;
	return figure % divisor == 0;
}

static inline wide
divided(wide figure, wide divisor)
{
	if (divisor == 1)
		return figure;
	if (figure >= INT64_MIN && figure <= INT64_MAX)
		return (int64_t) figure / (int64_t) divisor;
	return figure / divisor;
}

static inline wide
magnitude(wide figure)
{
	return figure < 0 ? -figure : figure;
}

/*
 * Writes a day, at most DAY_BYTES, given the one before, if any. The amount and the cost are its own, or
 * the same at a smaller scale. Returns where the next day goes.
 */
static inline uint8_t *
put_day(uint8_t *p, const LedgerDay *day, const LedgerDay *before, bool costs, wide amount,
		wide cost)
{
	unsigned kind = !knows_cost(day)             ? NO_COST
					: day->costed == day->orders ? COST_OF_ORDERS
												 : COST_OF_SOME;
	bool regular =
		day->orders == 1 && amount >= 0 && cost >= 0 && kind == (costs ? COST_OF_ORDERS : NO_COST);

	p = put_varint(p, before ? (uwide) ((int64_t) day->day - before->day - 1) : zigzag(day->day));
	p = put_varint(p, (uwide) magnitude(amount) << 1 | !regular);
	if (!regular)
		p = put_varint(p, zigzag(day->orders) * TRAITS + kind * KIND_TRAIT +
							  (amount < 0 ? AMOUNT_SIGN_TRAIT : 0) +
							  (cost < 0 ? COST_SIGN_TRAIT : 0));
	if (kind == COST_OF_SOME)
		p = put_varint(p, zigzag(day->costed));
	if (kind != NO_COST)
		p = put_varint(p, (uwide) magnitude(cost));
	return p;
}

/*
 * Limits: the magnitudes of all amounts together stay below 10^30 at the ledger's scale, and likewise
 * the costs. So do, then, those of any part of a ledger and of its negative, and no total overflows.
 */
LedgerError
ledger_measure(const Ledger *ledger, LedgerLayout *layout)
{
	wide limit = decimal_power(LEDGER_DIGITS);
	wide amounts = 0, costs = 0;
	size_t size = 1;

	if (ledger->count > LEDGER_MAX_DAYS)
		return LEDGER_TOO_MANY_DAYS;

	layout->costs = false;
	layout->scale = 0;
	layout->divisor = decimal_power(ledger->scale);
	for (size_t i = 0; i < ledger->count; i++)
	{
		const LedgerDay *day = &ledger->days[i];

		pause_after(i);
		layout->costs = layout->costs || knows_cost(day);
		while (layout->divisor > 1 && !(is_multiple(day->amount, layout->divisor) &&
										is_multiple(day->cost, layout->divisor)))
		{
			layout->divisor = (int64_t) layout->divisor / 10;
			layout->scale++;
		}
		if (day->orders < INT32_MIN || day->orders > INT32_MAX || day->costed < INT32_MIN ||
			day->costed > INT32_MAX)
			return LEDGER_COUNTS;
	}

	for (size_t i = 0; i < ledger->count; i++)
	{
		const LedgerDay *day = &ledger->days[i];
		wide amount = divided(day->amount, layout->divisor);
		wide cost = divided(day->cost, layout->divisor);
		uint8_t scratch[DAY_BYTES];

		pause_after(i);
		if (amount <= -limit || amount >= limit || cost <= -limit || cost >= limit)
			return LEDGER_FIGURES;
		amounts += magnitude(amount);
		costs += magnitude(cost);
		if (amounts >= limit || costs >= limit)
			return LEDGER_FIGURES;

		size += (size_t) (put_day(scratch, day, i ? day - 1 : NULL, layout->costs, amount, cost) -
						  scratch);
	}
	layout->size = size;
	return LEDGER_FINE;
}

void
ledger_write(const Ledger *ledger, const LedgerLayout *layout, void *bytes)
{
	uint8_t *p = bytes;

	*p++ = (uint8_t) (LEDGER_VERSION << VERSION_SHIFT | (layout->costs ? COSTS_FLAG : 0) |
					  layout->scale);
	for (size_t i = 0; i < ledger->count; i++)
	{
		const LedgerDay *day = &ledger->days[i];

		pause_after(i);
		p = put_day(p, day, i ? day - 1 : NULL, layout->costs,
					divided(day->amount, layout->divisor), divided(day->cost, layout->divisor));
	}
}

/*
 * Reads the days as ledger_next does and checks that ledger_write would have written them so: each day
 * byte by byte, and neither costs flag nor scale for nothing.
 */
LedgerError
ledger_check(const void *bytes, size_t length)
{
	wide limit = decimal_power(LEDGER_DIGITS);
	LedgerReader reader;
	LedgerDay day, before;
	wide amounts = 0, costs = 0;
	size_t count = 0;
	const uint8_t *start;
	bool scaled, costly = false;

	ledger_open(&reader, bytes, length);
	scaled = reader.scale == 0;
	for (start = reader.next; ledger_next(&reader, &day); start = reader.next)
	{
		uint8_t again[DAY_BYTES];
		size_t size = (size_t) (reader.next - start);

		if (is_void(&day) ||
			(size_t) (put_day(again, &day, count ? &before : NULL, reader.costs, day.amount,
							  day.cost) -
					  again) != size ||
			memcmp(again, start, size) != 0)
			return LEDGER_DAMAGED;
		count++;

		/* no overflow: a varint holds less than 2^105 */
		amounts += magnitude(day.amount);
		costs += magnitude(day.cost);
		if (amounts >= limit || costs >= limit)
			return LEDGER_FIGURES;
		scaled = scaled || day.amount % 10 != 0 || day.cost % 10 != 0;
		costly = costly || knows_cost(&day);
		before = day;
	}
	if (reader.damaged && count == LEDGER_MAX_DAYS)
		return LEDGER_TOO_MANY_DAYS;
	if (reader.damaged || !scaled || costly != reader.costs)
		return LEDGER_DAMAGED;
	return LEDGER_FINE;
}

LedgerError
ledger_row(int32_t day, Decimal amount, const Decimal *cost, LedgerDay *row, int *scale)
{
	*scale = amount.scale;
	if (cost && cost->scale > *scale)
		*scale = cost->scale;

	row->day = day;
	row->orders = amount.mantissa >= 0;
	row->costed = cost != NULL;
	row->cost = 0;
	if (!decimal_rescale(amount.mantissa, amount.scale, *scale, &row->amount) ||
		(cost && !decimal_rescale(cost->mantissa, cost->scale, *scale, &row->cost)))
		return LEDGER_FIGURES;
	return LEDGER_FINE;
}

/*
 * Brings a day's figures to a scale that is at least theirs.
 */
static inline bool
scale_up(LedgerDay *day, int from, int to)
{
	wide power;

	if (from == to)
		return true;
	power = decimal_power(to - from);
	return !__builtin_mul_overflow(day->amount, power, &day->amount) &&
		   !__builtin_mul_overflow(day->cost, power, &day->cost);
}

LedgerError
ledger_append(Ledger *ledger, LedgerDay day, int scale)
{
	if (scale > ledger->scale)
	{
		for (size_t i = 0; i < ledger->count; i++)
		{
			if (!scale_up(&ledger->days[i], ledger->scale, scale))
				return LEDGER_FIGURES;
		}
		ledger->scale = scale;
	}
	if (!scale_up(&day, scale, ledger->scale))
		return LEDGER_FIGURES;
	ledger->days[ledger->count++] = day;
	return LEDGER_FINE;
}

LedgerError
ledger_append_bytes(Ledger *ledger, const void *bytes, size_t length, int sign, int32_t since,
					int32_t before)
{
	LedgerReader reader;
	LedgerDay day;

	ledger_open(&reader, bytes, length);
	while (ledger_next(&reader, &day) && day.day < before)
	{
		LedgerError error;

		if (day.day < since)
			continue;
		day.orders *= sign;
		day.costed *= sign;
		day.amount *= sign;
		day.cost *= sign;
		error = ledger_append(ledger, day, reader.scale);
		if (error != LEDGER_FINE)
			return error;
	}
	return reader.damaged ? LEDGER_DAMAGED : LEDGER_FINE;
}

static void sort_unordered(LedgerDay *days, size_t count, SelectPause pause);

#define SORT_NAME sort_unordered
#define SORT_KEY LedgerDay
#define SORT_UNSIGNED uint32_t
#define SORT_FEW sort_few
#define SORT_CHUNK sort_chunk
#define SORT_BY(key) ((key).day)
#include "support/radix_sort_template.h"

static void
sort_days(LedgerDay *days, size_t count)
{
	size_t i = 1;

	/* mostly they are in order: orders come in as time goes by */
	while (i < count && days[i - 1].day <= days[i].day)
		i++;
	if (i < count)
		sort_unordered(days, count, ledger_pause);
}

LedgerError
ledger_settle(Ledger *ledger)
{
	LedgerDay *days = ledger->days;
	size_t kept = 0, sums = 0;

	sort_days(days, ledger->count);
	for (size_t i = 0; i < ledger->count;)
	{
		LedgerDay sum = days[i];

		pause_after(++sums);
		while (++i < ledger->count && days[i].day == sum.day)
		{
			if (__builtin_add_overflow(sum.orders, days[i].orders, &sum.orders) ||
				__builtin_add_overflow(sum.costed, days[i].costed, &sum.costed))
				return LEDGER_COUNTS;
			if (__builtin_add_overflow(sum.amount, days[i].amount, &sum.amount) ||
				__builtin_add_overflow(sum.cost, days[i].cost, &sum.cost))
				return LEDGER_FIGURES;
		}
		if (!is_void(&sum))
			days[kept++] = sum;
	}
	ledger->count = kept;
	return LEDGER_FINE;
}

bool
ledger_total(const void *bytes, size_t length, int32_t since, int32_t before, LedgerTotals *totals)
{
	LedgerReader reader;
	LedgerDay day;

	memset(totals, 0, sizeof(*totals));
	ledger_open(&reader, bytes, length);
	totals->scale = reader.scale;
	totals->last_day = LEDGER_SINCE_EVER;
	while (ledger_next(&reader, &day) && day.day < before)
	{
		if (day.day < since)
			continue;
		totals->last_day = day.day;
		if (day.orders > 0)
		{
			if (totals->order_days++ == 0)
				totals->first_order = day.day;
			totals->last_order = day.day;
		}
		totals->orders += day.orders;
		totals->amount += day.amount;
		totals->cost += day.cost;
		totals->cost_known = totals->cost_known || knows_cost(&day);
	}
	return !reader.damaged;
}
