/*
 * ledger.h
 *	  The purchase ledger of a customer: its arithmetic, its bytes, its text and its totals. Plain C:
 *	  knows nothing of PostgreSQL. All memory comes from the caller.
 *
 * A ledger is a sequence of days in rising order, each with the number of orders, the net amount and
 * what is known of the cost. Day by day ledgers add and subtract, and a day whose figures are all
 * zero vanishes, so that ledgers are an abelian group.
 *
 * The bytes
 * ---------
 * Equal ledgers have equal bytes: there is one way to write each.
 *
 *	  byte 0	bits 5 to 7 the version, bit 4 set where any cost is known, bits 0 to 3 the scale
 *	  then for each day
 *		step	on the first day its number, zigzag; later the number of days skipped since the last
 *		amount	2 * |amount|, and 1 more if the day is irregular
 *		traits	of an irregular day: 12 * orders, zigzag, + 4 * kind + 2 * (amount < 0) + (cost < 0)
 *		costed	if the kind is 2, zigzag
 *		cost	if the kind is not 0, |cost|
 *
 * A kind of 0 means that no cost is known, 1 that costed equals orders, 2 that it does not. A day is
 * regular if it has one order, no negative figure and, in a ledger with costs, the kind 1.
 *
 * All are varints: seven bits a byte, lowest first, the top bit set on all bytes but the last; never
 * longer than needed. Zigzag is the order 0, -1, 1, -2, 2 ... The scale is the smallest at which all
 * amounts and costs are integers.
 */
#ifndef CUSTOMER_VALUE_LEDGER_H
#define CUSTOMER_VALUE_LEDGER_H

#include "support/decimal.h"

#define LEDGER_VERSION 1
#define LEDGER_MAX_SCALE 9
#define LEDGER_DIGITS 30

/* keeps the days in memory, and all the more the bytes, below 1 GB; 45 thousand years */
#define LEDGER_MAX_DAYS (1 << 24)

/* The days of PostgreSQL's type date: 4714-11-24 BC to 5874897-12-31, 2000-01-01 is 0. */
#define LEDGER_FIRST_DAY (-2451545)
#define LEDGER_LAST_DAY 2145031948

/* As bounds of a period: no bound. */
#define LEDGER_SINCE_EVER INT32_MIN
#define LEDGER_FOR_EVER INT32_MAX

/* A day's text is shorter than this. */
#define LEDGER_DATE_BUFFER 20
#define LEDGER_DAY_BUFFER 160

typedef struct LedgerDay
{
	int32_t day;
	int64_t orders;
	int64_t costed; /* rows whose cost is known */
	wide amount;    /* at the ledger's scale, as is the cost */
	wide cost;
} LedgerDay;

/* A ledger being worked on. Between ledger_append and ledger_settle, days may repeat in any order. */
typedef struct Ledger
{
	LedgerDay *days;
	size_t count;
	int scale;
} Ledger;

typedef enum LedgerError
{
	LEDGER_FINE,
	LEDGER_DAMAGED,      /* not the bytes of a ledger */
	LEDGER_SYNTAX,       /* not the text of a ledger */
	LEDGER_DATE,         /* the text of no day that there is */
	LEDGER_SCALE,        /* more than LEDGER_MAX_SCALE fractional digits */
	LEDGER_FIGURES,      /* more than LEDGER_DIGITS digits */
	LEDGER_COUNTS,       /* a day's orders beyond 32 bits */
	LEDGER_TOO_MANY_DAYS /* more than LEDGER_MAX_DAYS */
} LedgerError;

/* Reads the days of a ledger one by one without allocating. */
typedef struct LedgerReader
{
	const uint8_t *next;
	const uint8_t *end;
	int32_t day;
	int scale;
	uint32_t days; /* read so far */
	bool costs;
	bool started;
	bool damaged;
} LedgerReader;

/* What ledger_measure finds out and ledger_write needs. */
typedef struct LedgerLayout
{
	size_t size;
	wide divisor; /* from the ledger's scale to the smallest */
	int scale;
	bool costs;
} LedgerLayout;

/* The figures of a period. */
typedef struct LedgerTotals
{
	int64_t orders;
	int64_t order_days;  /* days with orders > 0 */
	int32_t first_order; /* the first and last of these, where there are any */
	int32_t last_order;
	int32_t last_day; /* the last day of all, LEDGER_SINCE_EVER if there is none */
	int scale;
	wide amount;
	wide cost;
	bool cost_known;
} LedgerTotals;

/*
 * Called now and then while a long ledger is read, sorted or written, so that the caller can be interrupted;
 * it need not return. NULL until it is set.
 */
extern void (*ledger_pause)(void);

/* Starts to read. */
extern void ledger_open(LedgerReader *reader, const void *bytes, size_t length);

/* The next day; false at the end, and at bytes that no ledger has: then reader->damaged is set. */
extern bool ledger_next(LedgerReader *reader, LedgerDay *day);

/* LEDGER_FINE if these are the bytes of a ledger, in the one way to write it. */
extern LedgerError ledger_check(const void *bytes, size_t length);

/* No ledger of that many bytes has more days than this. */
extern size_t ledger_most_days(size_t length);

/* One row of orders as a day: an amount >= 0 is an order, cost may be NULL. Sets the scale, too. */
extern LedgerError ledger_row(int32_t day, Decimal amount, const Decimal *cost, LedgerDay *row,
							  int *scale);

/* Appends a day with figures of any scale; ledger->days must have room. */
extern LedgerError ledger_append(Ledger *ledger, LedgerDay day, int scale);

/* Appends the days of [since, before), times sign; ledger->days must have room. */
extern LedgerError ledger_append_bytes(Ledger *ledger, const void *bytes, size_t length, int sign,
									   int32_t since, int32_t before);

/* Brings the days in order, adds up what falls on one day and drops what is zero. */
extern LedgerError ledger_settle(Ledger *ledger);

/* The size in bytes of a settled ledger, whose limits are checked here. */
extern LedgerError ledger_measure(const Ledger *ledger, LedgerLayout *layout);

/* Writes layout->size bytes. */
extern void ledger_write(const Ledger *ledger, const LedgerLayout *layout, void *bytes);

/* The figures of the days in [since, before); false if the bytes are damaged. */
extern bool ledger_total(const void *bytes, size_t length, int32_t since, int32_t before,
						 LedgerTotals *totals);

/* A year before that day, as the calendar has it; 29 February becomes 28 February. */
extern int32_t ledger_year_before(int32_t day);

/* A day as YYYY-MM-DD, with BC behind it where need be; returns the length. */
extern size_t ledger_print_date(int32_t day, char *buffer);

/* Reads such a day; *next is the first character not read. */
extern LedgerError ledger_parse_date(const char *text, const char *end, const char **next,
									 int32_t *day);

/* One day of the text form: date orders amount [cost [costed]]; returns the length. */
extern size_t ledger_print_day(const LedgerDay *day, int scale, char *buffer);

/* What costed is where a cost stands there without it: orders, or 1 on a day without orders. */
extern int64_t ledger_implied_costed(int64_t orders);

/* No text has more days than this. */
extern size_t ledger_most_days_of_text(const char *text, const char *end);

/* Reads the text form and appends its days; *next is where an error was seen. */
extern LedgerError ledger_parse(const char *text, const char *end, const char **next,
								Ledger *ledger);

#endif
