/*
 * jet.h
 *	  A log-likelihood with its first and second derivatives by up to four parameters, and the
 *	  few ways in which the models' terms combine. Plain C: knows nothing of PostgreSQL.
 */
#ifndef CUSTOMER_VALUE_JET_H
#define CUSTOMER_VALUE_JET_H

#define JET_PARAMETERS 4

typedef struct Jet
{
	double value;
	double gradient[JET_PARAMETERS];
	double hessian[JET_PARAMETERS][JET_PARAMETERS]; /* upper triangle: [i][j] with i <= j */
} Jet;

/* total += weight * term */
extern void jet_add(Jet *total, const Jet *term, double weight);

/* ln(exp(a) + exp(b)) */
extern void jet_log_add(const Jet *a, const Jet *b, Jet *result);

/* jet += ln Γ(p + n) - ln Γ(p), p being parameter i */
extern void jet_add_gamma(Jet *jet, int i, double p, double n);

/* jet += ln B(p + m, q + n) - ln B(p, q), p and q being parameters i and i + 1 */
extern void jet_add_beta(Jet *jet, int i, double p, double q, double m, double n);

/*
 * jet += -p ln(1 + t / q) - x ln(q + t), p and q being parameters i and i + 1: what a gamma (p, q)
 * distributed rate leaves of x events at t, of no further ones until then. Written so that nothing
 * cancels where p and q are large.
 */
extern void jet_add_rate(Jet *jet, int i, double p, double q, double x, double t);

#endif
