/*
 * partition_scan.h
 *	  An argument of a window function over all rows of its partition.
 */
#ifndef CUSTOMER_VALUE_PARTITION_SCAN_H
#define CUSTOMER_VALUE_PARTITION_SCAN_H

#include "postgres.h"

#include "windowapi.h"

typedef struct PartitionScan
{
	WindowObject window;
	int argument;
	int64 row;
	MemoryContext scratch;
} PartitionScan;

/* Begins before the partition's first row; what the scan needs is allocated in the current memory
 * context until its end. */
extern void partition_scan_begin(PartitionScan *scan, WindowObject window, int argument);

/* The next value that is not NULL, good until the next call; false, and the end, if there is none. */
extern bool partition_scan_next(PartitionScan *scan, Datum *value);

#endif
