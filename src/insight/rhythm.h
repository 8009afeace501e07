/*
 * rhythm.h
 *	  How regularly a customer orders. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_RHYTHM_H
#define CUSTOMER_VALUE_RHYTHM_H

#include "value/ledger.h"

typedef struct Rhythm
{
	int64_t order_days; /* up to and including as_of */
	int32_t last;       /* the last of them, if there is one */
	double gap;         /* mean days from one to the next, if there are two */
	double regularity;  /* if there are three: from 0 to 1 */
} Rhythm;

/*
 * The rhythm of a ledger up to and including the day as_of; false if its bytes are damaged.
 *
 * regularity is k / (k + 1), k = 1 / v² the shape of a gamma distribution with the gaps' coefficient
 * of variation v (Wheat & Morrison 1990, "Estimating purchase regularity with two interpurchase
 * times", use the same index in k): 1 for a clockwork, 1/2 for orders purely at random, below where
 * they come in bursts.
 */
extern bool rhythm_of(const void *bytes, size_t length, int32_t as_of, Rhythm *rhythm);

#endif
