/*
 * curve.h
 *	  Mathematics of the concentration curve. Plain C: knows nothing of PostgreSQL.
 *
 * Customers come in steps, value and number of customers who have it, as a sorted column has them
 * or a sketch estimates them. Customers who carry nothing are a step of value 0. Sums are
 * compensated, so that a result is as good as the values it is made from.
 */
#ifndef CUSTOMER_VALUE_CURVE_H
#define CUSTOMER_VALUE_CURVE_H

#include <stdbool.h>

/* A sum of doubles that carries its rounding errors along. */
typedef struct CurveSum
{
	double sum;
	double error;
} CurveSum;

/* After Knuth: what is lost in the addition, exactly and without a branch. */
static inline void
curve_sum_add(CurveSum *sum, double value)
{
	double next = sum->sum + value;
	double added = next - sum->sum;

	sum->error += (sum->sum - (next - added)) + (value - added);
	sum->sum = next;
}

static inline double
curve_sum_total(const CurveSum *sum)
{
	return sum->sum + sum->error;
}

/*
 * Gini and Herfindahl: set customers, zero the rest, add all steps, smallest value first.
 *
 * Gini is the population's, 2 sum(i x_i) / (n sum(x)) - (n + 1) / n, with the x_i rising; here as
 * sum((2 i - n - 1) x_i) / (n sum(x)), which is 0 and not nearly 0 for equal values. Herfindahl is
 * the sum of squared shares. The sum of the values must be positive.
 */
typedef struct CurveMoments
{
	double customers;
	double below; /* customers added */
	CurveSum total;
	CurveSum ranked;
	CurveSum squares;
} CurveMoments;

static inline void
curve_moments_add(CurveMoments *moments, double value, double count)
{
	/* the sum of 2 i - n - 1 over the ranks i of this step */
	double ranks = count * (2 * moments->below + count - moments->customers);

	curve_sum_add(&moments->total, value * count);
	curve_sum_add(&moments->ranked, value * ranks);
	curve_sum_add(&moments->squares, value * value * count);
	moments->below += count;
}

extern double curve_gini(const CurveMoments *moments);
extern double curve_herfindahl(const CurveMoments *moments);

/*
 * The Lorenz curve at i / points for i from 0 to points: set customers, total, points and share
 * (points + 1 places), zero the rest, add all steps, smallest value first, and finish.
 */
typedef struct CurveLorenz
{
	double customers;
	double total;
	int points;
	double *share;
	int next;
	double below; /* customers added */
	CurveSum sum;
} CurveLorenz;

extern void curve_lorenz_add(CurveLorenz *lorenz, double value, double count);
extern void curve_lorenz_finish(CurveLorenz *lorenz);

/*
 * One point of the curve from the top: "above" customers, who carry "sum" together, have more than
 * "value", and enough others have exactly that for the point to be reached among them.
 *
 * curve_share: the share of the total that the top fraction of the customers holds.
 * curve_population: the smallest fraction of customers that holds an amount.
 */
extern double curve_share(double customers, double total, double top, double above, double sum,
						  double value);
extern double curve_population(double customers, double amount, double above, double sum,
							   double value);

/*
 * Limits of A, B and C from the data alone (Ultsch & Loetsch 2015), on the curve of x, the share of
 * customers, and y, the share of the total they hold, largest first: set customers and total, zero
 * the rest, add all steps, largest value first, and finish.
 *
 * Pareto point: nearest to (0, 1). Break-even point: the last value that is no less than the mean.
 * A ends at the first of these two. Submarginal point: nearest to (x of break-even, 1); B ends
 * there. Points are those of whole customers; the first wins where two are as near; customers of
 * equal value share a class, the better one.
 */
typedef struct CurveAbc
{
	double customers;
	double total;
	double above; /* customers added */
	CurveSum sum;
	bool past_break_even;
	double pareto_distance, pareto; /* customers up to and including the point's step */
	double break_even;
	double submarginal_distance, submarginal;
} CurveAbc;

extern void curve_abc_add(CurveAbc *abc, double value, double count);

/* The number of customers in A, and in A and B together; both end where a step does. */
extern void curve_abc_finish(const CurveAbc *abc, double *a, double *b);

#endif
