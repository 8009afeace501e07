/*
 * clv_sample.h
 *	  The type clv_sample as the server sees it, and how a sample comes about.
 */
#ifndef CUSTOMER_VALUE_CLV_SAMPLE_H
#define CUSTOMER_VALUE_CLV_SAMPLE_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/date.h"

#include "lifetime/sample.h"
#include "value/value.h"

/* A sample in the making: its entries in no order, and equal ones among the spends not yet merged. */
typedef struct SampleBuilder SampleBuilder;

extern SampleBuilder *sample_builder_make(MemoryContext context);

/* Adds the customer of a ledger, as it stood on as_of; false if there is no order by then. */
extern bool sample_builder_add_ledger(SampleBuilder *builder, const CustomerValue *value,
									  DateADT as_of);

/* Adds the same of order days that have been read, of which there are some. */
extern void sample_builder_add_order_days(SampleBuilder *builder, const OrderDays *order);

/* Adds sign times a sample. */
extern void sample_builder_add_sample(SampleBuilder *builder, const Sample *sample, int sign);

/* The sample so far, its entries in order and merged: in the current memory context but for the spends,
 * which are the builder's and good until more is added. */
extern Sample sample_builder_sample(SampleBuilder *builder);

/* The bytes of a sample as a varlena, and back; the arrays are in the current memory context. */
extern bytea *sample_pack(const Sample *sample);
extern Sample sample_unpack(const void *bytes, size_t length);

/* A datum of type clv_sample. */
extern Sample clv_sample_get(Datum datum);

#endif
