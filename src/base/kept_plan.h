/*
 * kept_plan.h
 *	  Plans that are kept from statement to statement.
 */
#ifndef CUSTOMER_VALUE_KEPT_PLAN_H
#define CUSTOMER_VALUE_KEPT_PLAN_H

#include "postgres.h"

#include "executor/spi.h"

extern SPIPlanPtr kept_plan_make(const char *query, int parameters, Oid *types);
extern SPIPlanPtr kept_plan_make_with(const char *query, ParserSetupHook set_up, void *argument);
extern void kept_plan_retire(SPIPlanPtr plan);

#endif
