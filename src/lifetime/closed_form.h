/*
 * closed_form.h
 *	  Lifetime value without a fitted model: closed forms. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_CLOSED_FORM_H
#define CUSTOMER_VALUE_CLOSED_FORM_H

#include <stdbool.h>
#include <stddef.h>

/*
 * 1 + discount - retention, rounded once. What an endless contract is worth is finite where this
 * is above 0.
 */
extern double retention_gap(double retention, double discount);

/*
 * Present value of a contract that pays margin once a period as long as it is renewed, over an
 * endless horizon; retention_gap() must be above 0. With at_start the first margin is paid at
 * once, without it at the end of the first period and only if the customer is retained.
 */
extern double contract_value(double margin, double retention, double discount, bool at_start);

/* The same over the first periods (>= 0) payments alone; finite for every retention_gap(). */
extern double contract_value_periods(double margin, double retention, double discount, int periods,
									 bool at_start);

/* Present value of count flows one period apart, the first of them now. */
extern double present_value(const double *flows, size_t count, double discount);

#endif
