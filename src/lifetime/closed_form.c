/*
 * closed_form.c
 *	  Lifetime value without a fitted model: closed forms. Plain C: knows nothing of PostgreSQL.
 *
 * A contract pays the same margin m in each period in which the customer is still there, who stays
 * with probability r from one period to the next; d discounts a period. With q = r / (1 + d) the
 * value is a geometric series:
 *
 *	  first margin at the end of period 1	m·(q + q² + … + qⁿ)		   endless: m·r / (1 + d − r)
 *	  first margin at the start of period 1	m·(1 + q + … + qⁿ⁻¹)	   endless: m·(1 + d) / (1 + d − r)
 *
 * The first is the one of Gupta & Lehmann, "Customers as assets" (Journal of Interactive Marketing
 * 17(1), 2003); for both and for finite horizons see Berger & Nasr, "Customer lifetime value:
 * marketing models and applications" (ibid. 12(1), 1998, case 1) and Blattberg, Getz & Thomas,
 * "Customer Equity" (2001).
 */
#include "lifetime/closed_form.h"

#include <math.h>

double
retention_gap(double retention, double discount)
{
	double churn = 1 - retention;
	double lost = (1 - churn) - retention; /* what rounding took from churn, exactly */

	return (churn + discount) + lost;
}

double
contract_value(double margin, double retention, double discount, bool at_start)
{
	return margin * ((at_start ? 1 + discount : retention) / retention_gap(retention, discount));
}

double
contract_value_periods(double margin, double retention, double discount, int periods, bool at_start)
{
	/* q - 1, small where 1 - qⁿ would cancel */
	double growth = -retention_gap(retention, discount) / (1 + discount);
	double first = at_start ? 1 : retention / (1 + discount);
	double series;

	if (periods == 0 || first == 0)
		return 0;
	if (growth == 0)
		series = periods;
	else
		series = expm1(periods * log1p(growth)) / growth;
	return margin * (first * series);
}

double
present_value(const double *flows, size_t count, double discount)
{
	double value = 0;

	while (count-- > 0)
		value = value / (1 + discount) + flows[count];
	return value;
}
