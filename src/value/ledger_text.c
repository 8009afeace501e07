/*
 * ledger_text.c
 *	  The ledger's text and its calendar. Plain C: knows nothing of PostgreSQL, nor of its settings.
 *
 *	  {2026-01-01 2 59.9,2026-02-03 1 20 12.5,2026-03-01 0 -5 -2 1}
 *
 * Each day is: date orders amount [cost [costed]]. Without a cost none is known; costed is left out
 * where it is what ledger_implied_costed says. Read are any order of days, days that repeat (they
 * add up), white space around the marks, and amounts as decimal_parse takes them.
 */
#include "value/ledger.h"

#include <string.h>

/* the Gregorian calendar repeats after so many days and years */
#define CYCLE_DAYS 146097
#define CYCLE_YEARS 400

/* 2000-03-01: counting years from March puts the leap day last */
#define MARCH_2000 60

typedef struct CalendarDate
{
	int64_t year; /* 0 is 1 BC */
	int month;
	int day;
} CalendarDate;

static int64_t
floor_division(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

static CalendarDate
calendar_date(int32_t day)
{
	CalendarDate date;
	int64_t cycle = floor_division((int64_t) day - MARCH_2000, CYCLE_DAYS);
	int64_t rest = (int64_t) day - MARCH_2000 - cycle * CYCLE_DAYS;
	int64_t century, year, month;

	/* the last century of a cycle, the last year of four, has one day more than the others */
	century = rest / 36524 < 3 ? rest / 36524 : 3;
	rest -= century * 36524;
	year = rest / 1461 * 4;
	rest %= 1461;
	year += rest / 365 < 3 ? rest / 365 : 3;
	rest -= (rest / 365 < 3 ? rest / 365 : 3) * 365;

	/* from March on, months of 31 30 31 30 31 days repeat: 153 days to five months */
	month = (5 * rest + 2) / 153;
	date.day = (int) (rest - (153 * month + 2) / 5 + 1);
	date.month = (int) (month < 10 ? month + 3 : month - 9);
	date.year = 2000 + cycle * CYCLE_YEARS + century * 100 + year + (month >= 10);
	return date;
}

/*
 * The day of a date; dates that do not exist, such as 31 April, run over into the next month.
 */
static int64_t
calendar_day(CalendarDate date)
{
	int64_t month = date.month >= 3 ? date.month - 3 : date.month + 9;
	int64_t year = date.year - 2000 - (date.month < 3);
	int64_t cycle = floor_division(year, CYCLE_YEARS);

	year -= cycle * CYCLE_YEARS;
	return MARCH_2000 + cycle * CYCLE_DAYS + year * 365 + year / 4 - year / 100 +
		   (153 * month + 2) / 5 + date.day - 1;
}

int32_t
ledger_year_before(int32_t day)
{
	CalendarDate date = calendar_date(day);
	int64_t before;

	date.year--;
	before = calendar_day(date);
	if (before < LEDGER_FIRST_DAY)
		return LEDGER_SINCE_EVER;
	if (calendar_date((int32_t) before).day != date.day)
		before--;
	return (int32_t) before;
}

static char *
put_number(char *out, uint64_t number, int digits)
{
	char buffer[20];
	int n = 0;

	for (; number != 0 || n < digits; number /= 10)
		buffer[n++] = (char) ('0' + number % 10);
	while (n > 0)
		*out++ = buffer[--n];
	return out;
}

static char *
put_count(char *out, int64_t count)
{
	if (count < 0)
		*out++ = '-';
	return put_number(out, count < 0 ? -(uint64_t) count : (uint64_t) count, 1);
}

static char *
put_figure(char *out, wide figure, int scale)
{
	Decimal decimal = {figure, scale};

	return out + decimal_print(decimal_normalise(decimal), out);
}

size_t
ledger_print_date(int32_t day, char *buffer)
{
	CalendarDate date = calendar_date(day);
	char *out = buffer;

	out = put_number(out, (uint64_t) (date.year > 0 ? date.year : 1 - date.year), 4);
	*out++ = '-';
	out = put_number(out, (uint64_t) date.month, 2);
	*out++ = '-';
	out = put_number(out, (uint64_t) date.day, 2);
	if (date.year <= 0)
	{
		memcpy(out, " BC", 3);
		out += 3;
	}
	*out = '\0';
	return (size_t) (out - buffer);
}

int64_t
ledger_implied_costed(int64_t orders)
{
	return orders != 0 ? orders : 1;
}

size_t
ledger_print_day(const LedgerDay *day, int scale, char *buffer)
{
	char *out = buffer + ledger_print_date(day->day, buffer);

	*out++ = ' ';
	out = put_count(out, day->orders);
	*out++ = ' ';
	out = put_figure(out, day->amount, scale);
	if (day->costed != 0 || day->cost != 0)
	{
		*out++ = ' ';
		out = put_figure(out, day->cost, scale);
		if (day->costed != ledger_implied_costed(day->orders))
		{
			*out++ = ' ';
			out = put_count(out, day->costed);
		}
	}
	*out = '\0';
	return (size_t) (out - buffer);
}

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *
skip_space(const char *p, const char *end)
{
	while (p < end && is_space(*p))
		p++;
	return p;
}

/*
 * Reads digits, of which there have to be between least and most.
 */
static bool
parse_digits(const char **p, const char *end, int least, int most, int64_t *number)
{
	int n = 0;

	*number = 0;
	for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
	{
		if (++n > most)
			return false;
		*number = *number * 10 + (**p - '0');
	}
	return n >= least;
}

LedgerError
ledger_parse_date(const char *text, const char *end, const char **next, int32_t *day)
{
	const char *p = text, *era;
	CalendarDate date, same;
	int64_t year, month, day_of_month, found;

	*next = text;
	if (!parse_digits(&p, end, 4, 7, &year) || p == end || *p++ != '-' ||
		!parse_digits(&p, end, 2, 2, &month) || p == end || *p++ != '-' ||
		!parse_digits(&p, end, 2, 2, &day_of_month))
		return LEDGER_SYNTAX;

	date.year = year;
	date.month = (int) month;
	date.day = (int) day_of_month;
	era = skip_space(p, end);
	if (end - era >= 2 && (era[0] == 'B' || era[0] == 'b') && (era[1] == 'C' || era[1] == 'c'))
	{
		date.year = 1 - year;
		p = era + 2;
	}

	/* what does not exist comes back as another date */
	if (year == 0 || month < 1 || month > 12)
		return LEDGER_DATE;
	found = calendar_day(date);
	if (found < LEDGER_FIRST_DAY || found > LEDGER_LAST_DAY)
		return LEDGER_DATE;
	same = calendar_date((int32_t) found);
	if (same.year != date.year || same.month != date.month || same.day != date.day)
		return LEDGER_DATE;
	*day = (int32_t) found;
	*next = p;
	return LEDGER_FINE;
}

static LedgerError
parse_count(const char **next, const char *end, int64_t *count)
{
	const char *p = *next;
	bool negative = p < end && *p == '-';

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	if (!parse_digits(&p, end, 1, 10, count))
		return p < end && *p >= '0' && *p <= '9' ? LEDGER_COUNTS : LEDGER_SYNTAX;
	if (negative)
		*count = -*count;
	*next = p;
	return LEDGER_FINE;
}

static LedgerError
parse_figure(const char **next, const char *end, Decimal *figure)
{
	const char *p = *next;

	if (!decimal_parse(p, end, next, figure))
	{
		/* a number that is just too long deserves to be told so */
		while (p < end && strchr("+-.0123456789", *p) && *p != '\0')
			p++;
		return p - *next > DECIMAL_DIGITS ? LEDGER_FIGURES : LEDGER_SYNTAX;
	}
	*figure = decimal_normalise(*figure);
	return figure->scale > LEDGER_MAX_SCALE ? LEDGER_SCALE : LEDGER_FINE;
}

/*
 * Is there another word of the same day? Moves there.
 */
static bool
another_word(const char **next, const char *end)
{
	const char *p = skip_space(*next, end);

	if (p == *next || p == end || *p == ',' || *p == '}')
		return false;
	*next = p;
	return true;
}

static LedgerError
parse_day(const char **next, const char *end, LedgerDay *day, int *scale)
{
	Decimal amount, cost;
	LedgerError error;
	int64_t orders, costed;
	bool costly;

	error = ledger_parse_date(*next, end, next, &day->day);
	if (error != LEDGER_FINE)
		return error;
	if (!another_word(next, end))
		return LEDGER_SYNTAX;
	error = parse_count(next, end, &orders);
	if (error != LEDGER_FINE)
		return error;
	if (!another_word(next, end))
		return LEDGER_SYNTAX;
	error = parse_figure(next, end, &amount);
	if (error != LEDGER_FINE)
		return error;

	costly = another_word(next, end);
	costed = costly ? ledger_implied_costed(orders) : 0;
	if (costly)
	{
		error = parse_figure(next, end, &cost);
		if (error != LEDGER_FINE)
			return error;
		if (another_word(next, end))
		{
			error = parse_count(next, end, &costed);
			if (error != LEDGER_FINE)
				return error;
		}
	}

	error = ledger_row(day->day, amount, costly ? &cost : NULL, day, scale);
	day->orders = orders;
	day->costed = costed;
	return error;
}

size_t
ledger_most_days_of_text(const char *text, const char *end)
{
	size_t days = 1;

	for (; text < end; text++)
		days += *text == ',';
	return days;
}

LedgerError
ledger_parse(const char *text, const char *end, const char **next, Ledger *ledger)
{
	const char *p = skip_space(text, end);

	*next = p;
	if (p == end || *p != '{')
		return LEDGER_SYNTAX;
	p = skip_space(p + 1, end);
	if (p < end && *p == '}')
		p++;
	else
	{
		for (bool more = true; more;)
		{
			LedgerDay day;
			LedgerError error;
			int scale;

			*next = p = skip_space(p, end);
			error = parse_day(next, end, &day, &scale);
			if (error == LEDGER_FINE)
				error = ledger_append(ledger, day, scale);
			if (error != LEDGER_FINE)
				return error;
			*next = p = skip_space(*next, end);
			if (p == end || (*p != ',' && *p != '}'))
				return LEDGER_SYNTAX;
			more = *p++ == ',';
		}
	}
	*next = p = skip_space(p, end);
	return p == end ? LEDGER_FINE : LEDGER_SYNTAX;
}
