/*
 * jet.c
 *	  A log-likelihood with its first and second derivatives.
 */
#include "lifetime/jet.h"

#include "lifetime/special.h"

void
jet_add(Jet *total, const Jet *term, double weight)
{
	total->value += weight * term->value;
	for (int i = 0; i < JET_PARAMETERS; i++)
	{
		total->gradient[i] += weight * term->gradient[i];
		for (int j = i; j < JET_PARAMETERS; j++)
			total->hessian[i][j] += weight * term->hessian[i][j];
	}
}

void
jet_log_add(const Jet *a, const Jet *b, Jet *result)
{
	double share = 1 / (1 + exp(b->value - a->value)); /* of a in the sum */
	double difference[JET_PARAMETERS];

	result->value = log_add(a->value, b->value);
	for (int i = 0; i < JET_PARAMETERS; i++)
	{
		difference[i] = a->gradient[i] - b->gradient[i];
		result->gradient[i] = share * a->gradient[i] + (1 - share) * b->gradient[i];
	}
	for (int i = 0; i < JET_PARAMETERS; i++)
		for (int j = i; j < JET_PARAMETERS; j++)
			result->hessian[i][j] = share * a->hessian[i][j] + (1 - share) * b->hessian[i][j] +
									share * (1 - share) * difference[i] * difference[j];
}

void
jet_add_gamma(Jet *jet, int i, double p, double n)
{
	jet->value += log_gamma_step(p, n);
	jet->gradient[i] += digamma_step(p, n);
	jet->hessian[i][i] += trigamma_step(p, n);
}

void
jet_add_beta(Jet *jet, int i, double p, double q, double m, double n)
{
	double both = digamma_step(p + q, m + n);
	double curvature = trigamma_step(p + q, m + n);

	jet->value += log_beta_step(p, q, m, n);
	jet->gradient[i] += digamma_step(p, m);
	jet->gradient[i + 1] += digamma_step(q, n);
	jet->hessian[i][i] += trigamma_step(p, m);
	jet->hessian[i + 1][i + 1] += trigamma_step(q, n);
	jet->gradient[i] -= both;
	jet->gradient[i + 1] -= both;
	jet->hessian[i][i] -= curvature;
	jet->hessian[i][i + 1] -= curvature;
	jet->hessian[i + 1][i + 1] -= curvature;
}

void
jet_add_rate(Jet *jet, int i, double p, double q, double x, double t)
{
	double sum = 1 / (q + t);
	double gone = log1p(t / q);
	double slope = t / q * sum;

	jet->value -= p * gone - x * log(sum);
	jet->gradient[i] -= gone;
	jet->gradient[i + 1] += p * slope - x * sum;
	jet->hessian[i][i + 1] += slope;
	jet->hessian[i + 1][i + 1] += x * sum * sum - p * slope * (1 / q + sum);
}
