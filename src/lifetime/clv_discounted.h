/*
 * clv_discounted.h
 *	  The orders of a living customer, discounted, as all lifetime values count them.
 */
#ifndef CUSTOMER_VALUE_CLV_DISCOUNTED_H
#define CUSTOMER_VALUE_CLV_DISCOUNTED_H

#include "support/interval_days.h"
#include "lifetime/clv_model.h"

#define CLV_MAX_HORIZON_DAYS (1000 * MEAN_DAYS_PER_YEAR)

/*
 * Each order is discounted to the end of its month: the sum over months of
 * (E(end) - E(begin)) (1 + discount)^-end, summed by parts so that nothing cancels. The last month
 * ends with the horizon. theta are parameters of the model's kind, recency and age are in its units, and per_day
 * is ln(1 + discount) by the day.
 */
extern double clv_discounted_orders(const ClvModel *model, const double *theta, double frequency,
									double recency, double age, double days, double per_day);

#endif
