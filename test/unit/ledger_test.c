/* sources: support/decimal.c value/ledger.c value/ledger_text.c value/order_days.c value/btyd.c */
/*
 * ledger_test.c
 *	  Ledgers against a model that keeps one cell a day, and their bytes and text against noise.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "value/btyd.h"
#include "value/ledger.h"

#define ROUNDS 20000
#define SPAN 24 /* days of the model */
#define MOST_DAYS 200
#define MOST_BYTES (MOST_DAYS * 46 + 1)

/* The model: every figure at the finest scale. */
typedef struct Model
{
	int32_t origin;
	LedgerDay days[SPAN];
} Model;

typedef struct Bytes
{
	uint8_t data[MOST_BYTES];
	size_t length;
} Bytes;

static int32_t
random_origin(void)
{
	switch (unit_below(4))
	{
		case 0:
			return LEDGER_FIRST_DAY;
		case 1:
			return LEDGER_LAST_DAY - SPAN + 1;
		case 2:
			return -(int32_t) unit_below(SPAN);
		default:
			return 8000 + (int32_t) unit_below(2000);
	}
}

static Decimal
random_figure(void)
{
	Decimal d;

	/* below 10^18 at scale 9, so that a few hundred of them stay within 30 digits */
	d.mantissa = (wide) (unit_random() % (uwide) decimal_power((int) unit_below(19)));
	if (unit_below(4) == 0)
		d.mantissa = -d.mantissa;
	d.scale = (int32_t) unit_below(LEDGER_MAX_SCALE + 1);
	return d;
}

static LedgerError
encode(Ledger *ledger, Bytes *bytes)
{
	LedgerLayout layout;
	LedgerError error = ledger_settle(ledger);

	if (error == LEDGER_FINE)
		error = ledger_measure(ledger, &layout);
	if (error == LEDGER_FINE)
	{
		if (layout.size > MOST_BYTES)
			abort();
		bytes->length = layout.size;
		ledger_write(ledger, &layout, bytes->data);
	}
	return error;
}

/*
 * A ledger of random rows in random order, added to the model, too.
 */
static bool
random_ledger(int32_t origin, Model *model, Bytes *bytes)
{
	LedgerDay room[MOST_DAYS];
	Ledger ledger = {room, 0, 0};
	int rows = (int) unit_below(unit_below(3) ? 8 : 60);
	bool costs = unit_below(2);

	memset(model, 0, sizeof(*model));
	model->origin = origin;
	for (int i = 0; i < SPAN; i++)
		model->days[i].day = origin + i;
	for (int i = 0; i < rows; i++)
	{
		Decimal amount = random_figure(), cost = random_figure();
		bool costly = costs && unit_below(3);
		int k = (int) unit_below(SPAN), scale, sign = unit_below(5) ? 1 : -1;
		LedgerDay row;
		wide fine;

		unit_require(ledger_row(origin + k, amount, costly ? &cost : NULL, &row, &scale) ==
					 LEDGER_FINE);
		row.orders *= sign;
		row.costed *= sign;
		row.amount *= sign;
		row.cost *= sign;
		unit_require(ledger_append(&ledger, row, scale) == LEDGER_FINE);

		model->days[k].orders += sign * (amount.mantissa >= 0);
		unit_require(decimal_rescale(amount.mantissa, amount.scale, LEDGER_MAX_SCALE, &fine));
		model->days[k].amount += sign * fine;
		if (costly)
		{
			model->days[k].costed += sign;
			unit_require(decimal_rescale(cost.mantissa, cost.scale, LEDGER_MAX_SCALE, &fine));
			model->days[k].cost += sign * fine;
		}
	}
	unit_require(encode(&ledger, bytes) == LEDGER_FINE);
	return true;
}

static bool
says_what_the_model_says(const Bytes *bytes, const Model *model)
{
	LedgerReader reader;
	LedgerDay day;
	int k = 0;

	unit_require(ledger_check(bytes->data, bytes->length) == LEDGER_FINE);
	ledger_open(&reader, bytes->data, bytes->length);
	while (ledger_next(&reader, &day))
	{
		wide power = decimal_power(LEDGER_MAX_SCALE - reader.scale);

		while (k < SPAN && model->days[k].day < day.day)
		{
			const LedgerDay *m = &model->days[k++];

			unit_require(m->orders == 0 && m->costed == 0 && m->amount == 0 && m->cost == 0);
		}
		unit_require(k < SPAN && model->days[k].day == day.day);
		unit_require(model->days[k].orders == day.orders && model->days[k].costed == day.costed);
		unit_require(model->days[k].amount == day.amount * power);
		unit_require(model->days[k].cost == day.cost * power);
		k++;
	}
	unit_require(!reader.damaged);
	for (; k < SPAN; k++)
	{
		const LedgerDay *m = &model->days[k];

		unit_require(m->orders == 0 && m->costed == 0 && m->amount == 0 && m->cost == 0);
	}
	return true;
}

static bool
combine(const Bytes *a, const Bytes *b, int sign, Bytes *result)
{
	LedgerDay room[MOST_DAYS];
	Ledger ledger = {room, 0, 0};

	unit_require(ledger_append_bytes(&ledger, a->data, a->length, 1, LEDGER_SINCE_EVER,
									 LEDGER_FOR_EVER) == LEDGER_FINE);
	unit_require(ledger_append_bytes(&ledger, b->data, b->length, sign, LEDGER_SINCE_EVER,
									 LEDGER_FOR_EVER) == LEDGER_FINE);
	unit_require(encode(&ledger, result) == LEDGER_FINE);
	return true;
}

static bool
same(const Bytes *a, const Bytes *b)
{
	return a->length == b->length && memcmp(a->data, b->data, a->length) == 0;
}

static bool
ledgers_follow_the_model(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Model model;
		Bytes bytes;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		unit_require(says_what_the_model_says(&bytes, &model));
		unit_require(bytes.length >= 1 && ledger_most_days(bytes.length) * 2 <= bytes.length);
	}
	return true;
}

static bool
ledgers_are_a_group(void)
{
	static const Bytes empty = {{LEDGER_VERSION << 5}, 1};

	for (int i = 0; i < ROUNDS; i++)
	{
		int32_t origin = random_origin();
		Model ma, mb, mc;
		Bytes a, b, c, ab, ba, ab_c, bc, a_bc, back, nothing;

		unit_require(random_ledger(origin, &ma, &a));
		unit_require(random_ledger(origin, &mb, &b));
		unit_require(random_ledger(origin, &mc, &c));
		unit_require(combine(&a, &b, 1, &ab) && combine(&b, &a, 1, &ba) && same(&ab, &ba));
		unit_require(combine(&ab, &b, -1, &back) && same(&back, &a));
		unit_require(combine(&a, &a, -1, &nothing) && same(&nothing, &empty));
		unit_require(combine(&a, &empty, 1, &back) && same(&back, &a));
		unit_require(combine(&ab, &c, 1, &ab_c) && combine(&b, &c, 1, &bc) &&
					 combine(&a, &bc, 1, &a_bc) && same(&ab_c, &a_bc));
		for (int k = 0; k < SPAN; k++)
		{
			ma.days[k].orders += mb.days[k].orders;
			ma.days[k].costed += mb.days[k].costed;
			ma.days[k].amount += mb.days[k].amount;
			ma.days[k].cost += mb.days[k].cost;
		}
		unit_require(says_what_the_model_says(&ab, &ma));
	}
	return true;
}

/*
 * What is kept of the repeat order days until the day before, return by return, each taken off the days
 * before it; -1 if the order days are others.
 */
static wide
kept_of(const Model *model, int before, int first, const OrderDays *order)
{
	wide kept[SPAN] = {0};
	wide repeats = 0;
	size_t seen = 0;

	for (int k = 0; k <= before; k++)
	{
		const LedgerDay *day = &model->days[k];
		wide back = day->amount < 0 ? -day->amount : 0;

		if (day->orders > 0 && day->amount > 0)
			kept[k] = day->amount;
		for (int j = k; back > 0 && j >= 0; j--)
		{
			wide off = back < kept[j] ? back : kept[j];

			kept[j] -= off;
			back -= off;
		}
	}
	for (int k = first; k <= before; k++)
	{
		if (model->days[k].orders <= 0)
			continue;
		if (seen >= order->count || order->days[seen].day != model->origin + k ||
			order->days[seen].amount * decimal_power(LEDGER_MAX_SCALE - order->scale) != kept[k])
			return -1;
		seen++;
		repeats += k > first ? kept[k] : 0;
	}
	return repeats;
}

static bool
totals_follow_the_model(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		Model model;
		Bytes bytes;
		LedgerTotals totals;
		OrderDay days[MOST_BYTES / 2];
		OrderDays order = {.days = days};
		BtydSummary summary;
		int since, before;
		int64_t orders = 0, order_days = 0;
		wide amount = 0, cost = 0, repeats, power;
		int first = -1, last = -1;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		since = (int) unit_below(SPAN);
		before = (int) unit_below(SPAN);
		unit_require(ledger_total(bytes.data, bytes.length, model.origin + since,
								  model.origin + before, &totals));
		for (int k = since; k < before; k++)
		{
			orders += model.days[k].orders;
			order_days += model.days[k].orders > 0;
			amount += model.days[k].amount;
			cost += model.days[k].cost;
		}
		power = decimal_power(LEDGER_MAX_SCALE - totals.scale);
		unit_require(totals.orders == orders && totals.order_days == order_days);
		unit_require(totals.amount * power == amount && totals.cost * power == cost);

		for (int k = 0; k <= before; k++)
		{
			if (model.days[k].orders <= 0)
				continue;
			if (first < 0)
				first = k;
			last = k;
		}
		unit_require(ledger_total(bytes.data, bytes.length, LEDGER_SINCE_EVER,
								  model.origin + before + 1, &totals));
		unit_require((totals.order_days > 0) == (first >= 0));
		if (first >= 0)
			unit_require(totals.first_order == model.origin + first &&
						 totals.last_order == model.origin + last);

		unit_require(order_days_read(bytes.data, bytes.length, model.origin + before, &order));
		unit_require((int64_t) order.count == totals.order_days);
		if (first >= 0)
		{
			btyd_summarise(&order, model.origin + before, 7, &summary);
			repeats = kept_of(&model, before, first, &order);
			unit_require(repeats >= 0);
			unit_require(summary.frequency == totals.order_days - 1);
			unit_require(summary.recency == (last - first) / 7.0);
			unit_require(summary.age == (before - first) / 7.0);
			if (summary.frequency > 0)
				unit_require(fabs(summary.mean_spend * summary.frequency -
								  (double) repeats / 1e9) <= 1e-12 * fabs((double) repeats / 1e9));
		}
	}
	return true;
}

static bool
parts_make_the_whole(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		LedgerDay room[MOST_DAYS];
		Ledger ledger = {room, 0, 0};
		Model model;
		Bytes bytes, back;
		int32_t cut;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		cut = model.origin + (int32_t) unit_below(SPAN);
		unit_require(ledger_append_bytes(&ledger, bytes.data, bytes.length, 1, cut,
										 LEDGER_FOR_EVER) == LEDGER_FINE);
		unit_require(ledger_append_bytes(&ledger, bytes.data, bytes.length, 1, LEDGER_SINCE_EVER,
										 cut) == LEDGER_FINE);
		unit_require(encode(&ledger, &back) == LEDGER_FINE && same(&bytes, &back));
	}
	return true;
}

static size_t
print(const Bytes *bytes, char *text)
{
	LedgerReader reader;
	LedgerDay day;
	char *out = text;

	*out++ = '{';
	ledger_open(&reader, bytes->data, bytes->length);
	while (ledger_next(&reader, &day))
	{
		size_t n;

		if (out > text + 1)
			*out++ = ',';
		n = ledger_print_day(&day, reader.scale, out);
		if (n != strlen(out) || n >= LEDGER_DAY_BUFFER)
			abort();
		out += n;
	}
	*out++ = '}';
	return (size_t) (out - text);
}

static LedgerError
parse(const char *text, size_t length, Bytes *bytes)
{
	/* exactly as long as the text, so that reading on is seen */
	char *copy = malloc(length ? length : 1);
	LedgerDay room[MOST_DAYS];
	Ledger ledger = {room, 0, 0};
	const char *next = NULL;
	LedgerError error;

	memcpy(copy, text, length);
	if (ledger_most_days_of_text(copy, copy + length) > MOST_DAYS)
		abort();
	error = ledger_parse(copy, copy + length, &next, &ledger);
	if (next < copy || next > copy + length || (error == LEDGER_FINE && next != copy + length))
		abort();
	free(copy);
	return error == LEDGER_FINE ? encode(&ledger, bytes) : error;
}

static bool
text_round_trips(void)
{
	for (int i = 0; i < ROUNDS; i++)
	{
		char text[SPAN * LEDGER_DAY_BUFFER + 2];
		Model model;
		Bytes bytes, back;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		unit_require(parse(text, print(&bytes, text), &back) == LEDGER_FINE && same(&bytes, &back));
	}
	return true;
}

static bool
noisy_text_is_refused_or_read(void)
{
	static const char alphabet[] = "0123456789+-.eE{}, BCx";
	int read = 0;

	for (int i = 0; i < ROUNDS * 5; i++)
	{
		char text[SPAN * LEDGER_DAY_BUFFER + 2];
		Model model;
		Bytes bytes, back;
		size_t n;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		n = print(&bytes, text);
		if (unit_below(3) == 0)
			n = unit_below(n + 1);
		for (uint64_t k = unit_below(3); n > 0 && k > 0; k--)
			text[unit_below(n)] = alphabet[unit_below(sizeof(alphabet) - 1)];
		if (parse(text, n, &back) == LEDGER_FINE)
		{
			unit_require(ledger_check(back.data, back.length) == LEDGER_FINE);
			read++;
		}
	}
	unit_require(read > ROUNDS && read < ROUNDS * 5);
	return true;
}

/*
 * Bytes that are taken for a ledger are those that this ledger is written as.
 */
static bool
refused_or_canonical(const uint8_t *data, size_t length, int *taken)
{
	/* exactly as long as the bytes */
	uint8_t *copy = malloc(length ? length : 1);
	LedgerDay room[MOST_BYTES / 2];
	Ledger ledger = {room, 0, 0};
	LedgerTotals totals;
	LedgerError checked;
	Bytes back;
	bool fine = true;

	memcpy(copy, data, length);
	checked = ledger_check(copy, length);
	if (checked == LEDGER_FINE)
	{
		fine = ledger_append_bytes(&ledger, copy, length, 1, LEDGER_SINCE_EVER, LEDGER_FOR_EVER) ==
				   LEDGER_FINE &&
			   encode(&ledger, &back) == LEDGER_FINE && back.length == length &&
			   memcmp(back.data, copy, length) == 0;
		(*taken)++;
	}
	else if (ledger_total(copy, length, LEDGER_SINCE_EVER, LEDGER_FOR_EVER, &totals))
	{
		/* well-formed but written otherwise: must not be read beyond its end, either */
		OrderDay days[MOST_BYTES / 2];
		OrderDays order = {.days = days};

		order_days_read(copy, length, LEDGER_FOR_EVER, &order);
	}
	free(copy);
	unit_require(fine);
	return true;
}

static bool
noisy_bytes_are_refused_or_canonical(void)
{
	int taken = 0;

	for (int i = 0; i < ROUNDS; i++)
	{
		Model model;
		Bytes bytes;

		unit_require(random_ledger(random_origin(), &model, &bytes));
		for (int k = 0; k < 4; k++) /* flipped */
		{
			size_t at = unit_below(bytes.length);
			uint8_t bit = (uint8_t) (1 << unit_below(8));

			bytes.data[at] ^= bit;
			unit_require(refused_or_canonical(bytes.data, bytes.length, &taken));
			bytes.data[at] ^= bit;
		}
		unit_require(
			refused_or_canonical(bytes.data, unit_below(bytes.length + 1), &taken)); /* truncated */
		if (bytes.length > 4)                                                        /* reordered */
		{
			size_t x = 1 + unit_below(bytes.length - 1), y = 1 + unit_below(bytes.length - 1);
			uint8_t t = bytes.data[x];

			bytes.data[x] = bytes.data[y];
			bytes.data[y] = t;
			unit_require(refused_or_canonical(bytes.data, bytes.length, &taken));
		}
		bytes.length = unit_below(40); /* invented, with a good head or without */
		for (size_t k = 0; k < bytes.length; k++)
			bytes.data[k] = (uint8_t) (unit_below(3) ? unit_below(8) : unit_random());
		if (unit_below(4))
			bytes.data[0] = (uint8_t) (LEDGER_VERSION << 5 | unit_below(32));
		unit_require(refused_or_canonical(bytes.data, bytes.length, &taken));
	}
	unit_require(taken > ROUNDS);
	return true;
}

static bool
limits_hold(void)
{
	wide limit = decimal_power(LEDGER_DIGITS);
	LedgerDay room[4];
	Ledger ledger = {room, 0, 0};
	Bytes bytes, small = {{LEDGER_VERSION << 5}, 1};
	LedgerDay day = {0, 1, 0, limit - 1, 0};

	unit_require(ledger_append(&ledger, day, 0) == LEDGER_FINE &&
				 encode(&ledger, &bytes) == LEDGER_FINE);
	unit_require(ledger_check(bytes.data, bytes.length) == LEDGER_FINE);

	/* a further unit on another day, whatever its sign, is too much */
	day.day = 1;
	day.amount = -1;
	unit_require(ledger_append(&ledger, day, 0) == LEDGER_FINE &&
				 encode(&ledger, &bytes) == LEDGER_FIGURES);

	/* and so is a finer digit, for which even 128 bits do not do */
	ledger.count = 1;
	unit_require(ledger_append(&ledger, day, LEDGER_MAX_SCALE) == LEDGER_FIGURES);

	ledger.count = 0;
	ledger.scale = 0;
	day.amount = 1;
	day.orders = (int64_t) INT32_MAX + 1;
	unit_require(ledger_append(&ledger, day, 0) == LEDGER_FINE &&
				 encode(&ledger, &bytes) == LEDGER_COUNTS);
	ledger.count = 0;
	day.orders = INT32_MIN;
	unit_require(ledger_append(&ledger, day, 0) == LEDGER_FINE &&
				 encode(&ledger, &bytes) == LEDGER_FINE);

	unit_require(ledger_check(small.data, 0) == LEDGER_DAMAGED);
	unit_require(ledger_check(small.data, 1) == LEDGER_FINE);
	small.data[0] = (LEDGER_VERSION + 1) << 5;
	unit_require(ledger_check(small.data, 1) == LEDGER_DAMAGED);
	small.data[0] = LEDGER_VERSION << 5 | 10;
	unit_require(ledger_check(small.data, 1) == LEDGER_DAMAGED);
	return true;
}

static bool
is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static bool
the_calendar_goes_round(void)
{
	static const int months[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = 1600, month = 1, day_of_month = 1;

	for (int32_t day = -146097; day < 2 * 146097; day++)
	{
		char expected[LEDGER_DATE_BUFFER], text[LEDGER_DATE_BUFFER];
		const char *next;
		int32_t back, before;
		size_t n = ledger_print_date(day, text);

		snprintf(expected, sizeof(expected), "%04d-%02d-%02d", year, month, day_of_month);
		unit_require(strcmp(text, expected) == 0 && n == strlen(text));
		unit_require(ledger_parse_date(text, text + n, &next, &back) == LEDGER_FINE);
		unit_require(back == day && next == text + n);

		before = ledger_year_before(day);
		snprintf(expected, sizeof(expected), "%04d-%02d-%02d", year - 1, month,
				 month == 2 && day_of_month == 29 ? 28 : day_of_month);
		ledger_print_date(before, text);
		unit_require(strcmp(text, expected) == 0);

		if (++day_of_month > months[month - 1] + (month == 2 && is_leap(year)))
		{
			day_of_month = 1;
			if (++month > 12)
			{
				month = 1;
				year++;
			}
		}
	}
	for (int i = 0; i < ROUNDS; i++)
	{
		char text[LEDGER_DATE_BUFFER];
		const char *next;
		int32_t back,
			day = (int32_t) (LEDGER_FIRST_DAY + (int64_t) unit_below((uint64_t) LEDGER_LAST_DAY -
																	 LEDGER_FIRST_DAY + 1));
		size_t n = ledger_print_date(day, text);

		unit_require(ledger_parse_date(text, text + n, &next, &back) == LEDGER_FINE && back == day);
	}
	return true;
}

static int pauses;

static void
count_pauses(void)
{
	pauses++;
}

/* A ledger of so many days, every second one. */
static void
fill(Ledger *ledger, int days, int32_t first)
{
	ledger->count = 0;
	ledger->scale = 0;
	for (int i = 0; i < days; i++)
		ledger->days[ledger->count++] = (LedgerDay){first + 2 * i, 1, 0, i, 0};
}

static bool
long_work_pauses(void)
{
	enum
	{
		DAYS = 1 << 18
	};
	Ledger ledger = {malloc(2 * DAYS * sizeof(LedgerDay)), 0, 0};
	LedgerLayout layout;
	LedgerTotals totals;
	uint8_t *bytes;

	fill(&ledger, DAYS, 0);
	unit_require(ledger_measure(&ledger, &layout) == LEDGER_FINE && pauses == 0);
	bytes = malloc(layout.size);
	ledger_write(&ledger, &layout, bytes);

	ledger_pause = count_pauses;
	ledger_write(&ledger, &layout, bytes);
	unit_require(pauses == 3);
	unit_require(ledger_measure(&ledger, &layout) == LEDGER_FINE && pauses == 3 + 6);
	pauses = 0;
	unit_require(ledger_total(bytes, layout.size, LEDGER_SINCE_EVER, LEDGER_FOR_EVER, &totals) &&
				 totals.orders == DAYS && pauses == 4);
	pauses = 0;
	unit_require(ledger_check(bytes, layout.size) == LEDGER_FINE && pauses == 4);
	pauses = 0;
	fill(&ledger, DAYS, 1);
	unit_require(ledger_append_bytes(&ledger, bytes, layout.size, 1, LEDGER_SINCE_EVER,
									 LEDGER_FOR_EVER) == LEDGER_FINE &&
				 pauses == 4);
	pauses = 0;
	unit_require(ledger_settle(&ledger) == LEDGER_FINE && pauses > 8 && ledger.count == 2 * DAYS);
	for (int i = 0; i < 2 * DAYS; i++)
		unit_require(ledger.days[i].day == i);
	ledger_pause = NULL;
	free(bytes);
	free(ledger.days);
	return true;
}

int
main(void)
{
	unit_result(ledgers_follow_the_model(),
				"ledgers follow the model, and their bytes are taken back");
	unit_result(ledgers_are_a_group(), "ledgers are an abelian group, byte by byte");
	unit_result(totals_follow_the_model(), "totals and summaries follow the model");
	unit_result(parts_make_the_whole(), "the days before and from a cut make up the ledger");
	unit_result(text_round_trips(), "ledgers survive being printed and read");
	unit_result(noisy_text_is_refused_or_read(), "noisy text is refused or read within its bounds");
	unit_result(noisy_bytes_are_refused_or_canonical(),
				"noisy bytes are refused, or are what would be written");
	unit_result(limits_hold(), "limits hold to the last unit");
	unit_result(the_calendar_goes_round(), "the calendar goes round");
	unit_result(long_work_pauses(), "long work pauses now and then");
	return unit_done();
}
