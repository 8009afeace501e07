/*
 * quadrature.h
 *	  Integrals of positive functions in log scale. Plain C: knows nothing of PostgreSQL.
 *
 * The papers write the models' results with the Gaussian hypergeometric function, which every
 * argument region wants computed in another way, and then take differences of two. Each of these
 * differences is the integral of a positive smooth function with one peak: that is summed here,
 * without cancellation, overflow or special cases, whatever the parameters.
 */
#ifndef CUSTOMER_VALUE_QUADRATURE_H
#define CUSTOMER_VALUE_QUADRATURE_H

#include <stdbool.h>

/*
 * ln f(u) and its derivative. f has one peak and no singularity nearer to the real axis than π,
 * which holds for powers and exponentials of e^u, 1 + e^u and the like.
 */
typedef double (*LogFunction)(const void *self, double u, double *slope);

/* Shown each node with its weight times f there, up to one factor common to all nodes. */
typedef void (*NodeVisitor)(void *state, double u, double weight);

typedef struct Interval
{
	double low;
	double high;
	/* Does the integral go on to infinity, where f is purely exponential from here on? */
	bool low_open;
	bool high_open;
} Interval;

/* ln ∫ f; visit may be NULL, and is for intervals without open ends. */
extern double log_integral(LogFunction f, const void *self, Interval over, NodeVisitor visit,
						   void *state);

#endif
