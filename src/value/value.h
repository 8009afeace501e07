/*
 * value.h
 *	  The type customer_value as the server sees it: a ledger in a varlena.
 */
#ifndef CUSTOMER_VALUE_VALUE_H
#define CUSTOMER_VALUE_VALUE_H

#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"
#include "utils/date.h"

#include "value/order_days.h"

/* Packed or not: the bytes are those of ledger.h in either case. */
typedef struct varlena CustomerValue;

#define DatumGetCustomerValue(datum) ((CustomerValue *) PG_DETOAST_DATUM_PACKED(datum))
#define PG_GETARG_CUSTOMER_VALUE(n) DatumGetCustomerValue(PG_GETARG_DATUM(n))
#define PG_RETURN_CUSTOMER_VALUE(value) PG_RETURN_POINTER(value)

extern bool ledger_complain(LedgerError error, Node *escontext);
extern void ledger_require(LedgerError error);
extern LedgerDay *ledger_days_alloc(size_t count);
extern void customer_value_append(Ledger *ledger, const CustomerValue *value, int sign, int32 since,
								  int32 before);
extern CustomerValue *customer_value_make(Ledger *ledger, Node *escontext);
extern CustomerValue *customer_value_combine(const CustomerValue *a, const CustomerValue *b,
											 int sign);
extern CustomerValue *customer_value_part(const CustomerValue *value, int sign, int32 since,
										  int32 before);

extern OrderDays customer_value_read_orders(const CustomerValue *value, DateADT as_of);

extern Decimal customer_value_figure(Datum numeric, const char *what);
extern Decimal customer_value_number(Datum datum, Oid type, const char *what);
extern Decimal customer_value_argument(FunctionCallInfo fcinfo, int number, const char *what);
extern DateADT customer_value_day(Datum at);
extern DateADT customer_value_day_of_timestamp(Datum at);
extern DateADT customer_value_as_of(Datum as_of);

#endif
