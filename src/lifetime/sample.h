/*
 * sample.h
 *	  The data of a fit: what all models want to know of customers, whatever the day of view. Plain C:
 *	  knows nothing of PostgreSQL. All memory comes from the caller.
 *
 * Customers with the same history, or with the same spend, are one entry with their number. Counts
 * may be negative, for a sample can be what makes another one smaller; so samples are an abelian
 * group. Amounts are doubles, which are the same for the same orders; the sums of logarithms are
 * decimals of fixed scale, which add up exactly.
 *
 * The bytes
 * ---------
 * Equal samples have equal bytes.
 *
 *	  byte 0	SAMPLE_VERSION
 *	  then		how many histories, how many spends
 *	  histories	in rising order: days less those of the entry before, last - first, first (zigzag), count
 *				(zigzag)
 *	  spends	in rising order: kept less that of the entry before, days, sum if kept, again if days > 1 and
 *				kept, count (zigzag)
 *	  then		log_spend, log_gaps
 *
 * Whole numbers are varints (support/varint.h), sum and again the eight bytes of the double and the
 * logarithms the sixteen of the integer, highest first.
 */
#ifndef CUSTOMER_VALUE_SAMPLE_H
#define CUSTOMER_VALUE_SAMPLE_H

#include "value/order_days.h"

#define SAMPLE_VERSION 1
#define SAMPLE_LOG_SCALE 18

/* When so many customers ordered: on how many days, the first and the last of them. */
typedef struct SampleHistory
{
	int64_t count;
	int32_t days;
	int32_t first;
	int32_t last;
} SampleHistory;

/* What so many customers spent. */
typedef struct SampleSpend
{
	double sum;   /* of all order days */
	double again; /* of all but the first */
	int64_t count;
	int32_t days;
	int32_t kept; /* order days with a net amount above 0 */
} SampleSpend;

typedef struct Sample
{
	SampleHistory *histories;
	size_t history_count;
	SampleSpend *spends;
	size_t spend_count;
	/* sums over customers at SAMPLE_LOG_SCALE: of ln of the net amounts of the order days with any,
	 * and of ln of the gaps between order days, in days */
	wide log_spend;
	wide log_gaps;
} Sample;

/* What one customer, who has order days, adds to a sample. */
typedef struct SampleCustomer
{
	SampleHistory history;
	SampleSpend spend;
	wide log_spend;
	wide log_gaps;
} SampleCustomer;

extern void sample_customer(const OrderDays *order, SampleCustomer *customer);

/* Of it, what the customer spent. */
extern SampleSpend sample_spend(const OrderDays *order);

/*
 * The order of entries: histories by days, last - first and falling first, which is that of frequency,
 * recency and age; spends by kept, sum, days and again.
 */
static inline int
sample_compare_histories(const SampleHistory *a, const SampleHistory *b)
{
	int64_t x = (int64_t) a->last - a->first, y = (int64_t) b->last - b->first;

	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	if (x != y)
		return x < y ? -1 : 1;
	return (a->first < b->first) - (a->first > b->first);
}

static inline int
sample_compare_spends(const SampleSpend *a, const SampleSpend *b)
{
	if (a->kept != b->kept)
		return a->kept < b->kept ? -1 : 1;
	if (a->sum != b->sum)
		return a->sum < b->sum ? -1 : 1;
	if (a->days != b->days)
		return a->days < b->days ? -1 : 1;
	return (a->again > b->again) - (a->again < b->again);
}

/* Makes one of equal entries that stand side by side, and none where nobody is left; false if a count
 * is out of range. */
extern bool sample_merge_histories(SampleHistory *histories, size_t *n);
extern bool sample_merge_spends(SampleSpend *spends, size_t *n);

/* The customers of a sample; false if there are less than none anywhere, or more than 2^53. */
extern bool sample_customers(const Sample *sample, int64_t *customers);

/* The last order day of all; there are histories. */
extern int32_t sample_last_day(const Sample *sample);

/* Can there be such entries, and do both kinds tell of the same customers and order days? */
extern bool sample_check_history(const SampleHistory *history);
extern bool sample_check_spend(const SampleSpend *spend);
extern bool sample_check_whole(const Sample *sample);

/* No more bytes than this are written. */
extern size_t sample_size_bound(const Sample *sample);

/* Writes a sample whose entries are in order and merged; returns the size. */
extern size_t sample_write(const Sample *sample, uint8_t *bytes);

typedef enum SampleRead
{
	SAMPLE_FINE,
	SAMPLE_DAMAGED,
	SAMPLE_OTHER_VERSION
} SampleRead;

/* How many entries the bytes say they have, not more than fit into them. */
extern SampleRead sample_read_counts(const uint8_t *bytes, size_t length, size_t *histories,
									 size_t *spends);

/* Reads all of it into arrays with room for as many; checks every byte. */
extern SampleRead sample_read(const uint8_t *bytes, size_t length, Sample *sample);

#endif
