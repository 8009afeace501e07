/*
 * cutoffs_io.h
 *	  The type abc_cutoffs towards PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_CUTOFFS_IO_H
#define CUSTOMER_VALUE_CUTOFFS_IO_H

#include "postgres.h"

#include "fmgr.h"
#include "utils/array.h"
#include "utils/numeric.h"

#include "concentration/cutoffs.h"

/* The datum of cut-offs, which are brought to their canonical form. */
extern Datum abc_cutoffs_datum(AbcCutoffs *cutoffs);

/* Sets total and limits of exact cut-offs, as integers or as long numbers. */
extern void abc_set_numbers(AbcCutoffs *cutoffs, Numeric total, const Numeric *limits);

/* Reads the argument cuts into cut[ABC_MOST_CUTS] and returns their number; errors are 22023. */
extern int abc_read_cuts(ArrayType *array, Decimal *cut);

/* The argument cuts where none is given. */
#define ABC_DEFAULT_CUTS 2
extern const Decimal abc_default_cuts[ABC_DEFAULT_CUTS];

/* Reads the argument boundary: is it up_to? */
extern bool abc_read_boundary(const text *boundary);

/*
 * The least integer that is not less than total * cut (crossing), or the least greater than it
 * (up_to): a class goes on while what lies above adds up to less.
 */
extern wide abc_threshold(wide total, Decimal cut, bool up_to);

/* The texts 'A' to 'Z', made once and kept as long as the caller's FmgrInfo. */
extern Datum *abc_class_texts(FmgrInfo *flinfo);

#endif
