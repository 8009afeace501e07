/*
 * classify.h
 *	  Where a customer stands: basis, class and segment, by what is in force in a base.
 */
#ifndef CUSTOMER_VALUE_CLASSIFY_H
#define CUSTOMER_VALUE_CLASSIFY_H

#include "postgres.h"

#include "access/htup.h"
#include "fmgr.h"

/* What is in force, opened for use; made once and asked for many customers. */
typedef struct Classifier Classifier;

/* Where a customer stands. All may be NULL. */
typedef struct Standing
{
	NullableDatum basis;     /* numeric: the figure that decides the class */
	NullableDatum abc_class; /* text */
	NullableDatum score;     /* float8: what the rules give to the facts */
	NullableDatum segment;   /* text */
	NullableDatum due;       /* date: from what base day on time alone may change any of it */
} Standing;

extern Classifier *classifier_make(HeapTupleHeader in_force, MemoryContext context);
extern HeapTupleHeader classifier_in_force(const Classifier *classifier);
extern void classifier_retire(Classifier *classifier);
extern void classify(Classifier *classifier, Datum ledger, NullableDatum facts,
					 NullableDatum previous_class, NullableDatum previous_segment,
					 NullableDatum override, Standing *standing);

#endif
