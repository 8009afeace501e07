/*
 * outlook.c
 *	  The value to come of customers, with the interval it lies in.
 */
#include "lifetime/outlook.h"

#include <math.h>

#include "lifetime/special.h"

#define STEP 1e-4            /* of a logarithm, for the slopes */
#define SLOPE_CUSTOMERS 4000 /* from so many on a part is enough for the slopes */
#define ALL_PARAMETERS (JET_PARAMETERS + GAMMAGAMMA_PARAMETERS)
#define SERIES_UP_TO 1e5

int
outlook_compare(const void *a, const void *b)
{
	const OutlookCustomer *x = a, *y = b;

	if (x->frequency != y->frequency)
		return x->frequency < y->frequency ? -1 : 1;
	if (x->age != y->age)
		return x->age < y->age ? -1 : 1;
	if (x->recency != y->recency)
		return x->recency < y->recency ? -1 : 1;
	if (x->spent != y->spent)
		return x->spent < y->spent ? -1 : 1;
	if (x->share != y->share)
		return x->share < y->share ? -1 : 1;
	return (x->paid > y->paid) - (x->paid < y->paid);
}

/* P(gamma (shape, 1) <= x): Abramowitz & Stegun 1964, 6.5.29 and 6.5.31 */
static double
gamma_at_most(double shape, double x)
{
	double front = exp(shape * log(x) - x - log_gamma(shape));

	if (x < shape + 1)
	{
		double term = 1 / shape, sum = term;

		for (double n = 1; term > 1e-17 * sum; n++)
		{
			term *= x / (shape + n);
			sum += term;
		}
		return front * sum;
	}
	else
	{
		double b = x + 1 - shape, c = 1e300, d = 1 / b, h = d;

		for (double n = 1; n < 1e6; n++)
		{
			double an = -n * (n - shape), change;

			b += 2;
			d = 1 / (an * d + b);
			c = b + an / c;
			change = d * c;
			h *= change;
			if (fabs(change - 1) < 1e-15)
				break;
		}
		return 1 - front * h;
	}
}

/* The p-quantile of the normal distribution, by bisection. */
static double
normal_quantile(double p)
{
	double low = -40, high = 40;

	for (int i = 0; i < 100; i++)
	{
		double middle = 0.5 * (low + high);

		if (0.5 * erfc(-middle / sqrt(2)) < p)
			low = middle;
		else
			high = middle;
	}
	return 0.5 * (low + high);
}

double
gamma_quantile(double shape, double p)
{
	double low, high;

	if (!(p > 0))
		return 0;
	/* Wilson & Hilferty 1931, which is exact to 1e-6 there */
	if (shape > SERIES_UP_TO)
		return shape * pow(1 - 1 / (9 * shape) + normal_quantile(p) / sqrt(9 * shape), 3);
	/* over ln x; below low the distribution is x^shape / Γ(shape + 1) */
	low = (log(p) + log_gamma(shape) + log(shape)) / shape;
	if (low < -700)
		return 0;
	high = fmax(low, log(shape + 1)) + 7;
	low -= 1e-9;
	for (int i = 0; i < 80; i++)
	{
		double middle = 0.5 * (low + high);

		if (gamma_at_most(shape, exp(middle)) < p)
			low = middle;
		else
			high = middle;
	}
	return exp(0.5 * (low + high));
}

/* Is the same expected of both, if they are alive? */
static bool
have_same_future(const Method *method, const OutlookCustomer *a, const OutlookCustomer *b)
{
	return a->frequency == b->frequency && a->age == b->age &&
		   (!method->phases || a->recency == b->recency);
}

/* The expected value of one customer, given the expected discounted orders. */
static double
spend_of(const double *spend, const OutlookCustomer *c)
{
	return c->share * gammagamma_expected(spend, c->paid, c->spent);
}

/* The expected value of every so many customers, times so many. */
static double
total_of(const OutlookModel *model, const double *theta, const double *spend,
		 const OutlookCustomer *c, size_t n, size_t every)
{
	double total = 0, orders = 0, alive = 0;
	size_t last = n;

	for (size_t i = every / 2; i < n; i += every)
	{
		bool same_future = last < n && have_same_future(model->method, &c[i], &c[last]);

		if (!same_future)
			orders =
				model->discounted(model->self, theta, c[i].frequency, c[i].recency, c[i].age);
		if (!same_future || c[i].recency != c[last].recency)
			alive = model->method->p_alive(theta, c[i].frequency, c[i].recency, c[i].age);
		if (alive * orders > 0)
			total += alive * orders * spend_of(spend, &c[i]);
		last = i;
		if (i % BREATHE_EVERY == 0)
			model->breathe();
	}
	return total * (double) every;
}

/* The variance that the parameters bring, of which covariances are given. */
static double
parameter_variance(const OutlookModel *model, const OutlookCustomer *customers, size_t n)
{
	double slope[ALL_PARAMETERS], variance = 0;
	size_t every = n > SLOPE_CUSTOMERS ? n / SLOPE_CUSTOMERS : 1;
	int parameters = model->method->parameters;

	for (int i = 0; i < parameters + GAMMAGAMMA_PARAMETERS; i++)
	{
		double theta[METHOD_THETA], spend[GAMMAGAMMA_PARAMETERS], *moved, kept, up;

		for (int j = 0; j < METHOD_THETA; j++)
			theta[j] = model->theta[j];
		for (int j = 0; j < GAMMAGAMMA_PARAMETERS; j++)
			spend[j] = model->spend[j];
		moved = i < parameters ? &theta[i] : &spend[i - parameters];
		kept = *moved;
		*moved = kept * exp(STEP);
		up = total_of(model, theta, spend, customers, n, every);
		*moved = kept * exp(-STEP);
		slope[i] = (up - total_of(model, theta, spend, customers, n, every)) / (2 * STEP);
	}
	for (int i = 0; i < parameters; i++)
		for (int j = 0; j < parameters; j++)
			variance += slope[i] * slope[j] * model->covariance[i][j];
	for (int i = 0; i < GAMMAGAMMA_PARAMETERS; i++)
		for (int j = 0; j < GAMMAGAMMA_PARAMETERS; j++)
			variance +=
				slope[parameters + i] * slope[parameters + j] * model->spend_covariance[i][j];
	return fmax(0, variance);
}

/*
 * Given the parameters, a customer with n orders of p-gamma amounts at the rate nu brings p n / nu in the
 * mean with variance p n / nu^2, and 1 / nu^2 has the mean (v + spent)^2 / ((k - 1) (k - 2)), k = q + p x.
 * Discounting is taken to shrink all orders alike.
 */
Outlook
outlook_total(const OutlookModel *model, const OutlookCustomer *customers, size_t n)
{
	const Method *method = model->method;
	const double *spend = model->spend;
	double total = 0, variance = 0, log_none = 0;
	double orders = 0, discounted = 0, pairs = 0, none = 0, alive = 0;
	Outlook result;
	double shape, beyond;

	for (size_t i = 0; i < n; i++)
	{
		const OutlookCustomer *c = &customers[i], *before = c - 1;
		bool same_future = i > 0 && have_same_future(method, c, before);
		double x = c->frequency, k = spend[0] * c->paid + spend[1];
		double mean, square, shrunk, kept;

		if (i % BREATHE_EVERY == 0)
			model->breathe();
		if (!same_future)
		{
			orders = method->orders_alive(model->theta, x, c->recency, c->age, model->horizon);
			pairs = method->pairs_alive(model->theta, x, c->recency, c->age, model->horizon);
			none = method->probability_alive(model->theta, x, c->recency, c->age, 0, model->horizon);
			discounted = model->discounted(model->self, model->theta, x, c->recency, c->age);
		}
		if (!same_future || c->recency != before->recency)
			alive = method->p_alive(model->theta, x, c->recency, c->age);
		if (!(alive * orders > 0))
			continue;
		log_none += log1p(-alive * (1 - none));
		mean = alive * discounted * spend_of(spend, c);
		shrunk = discounted / orders;
		kept = c->share * orders;
		square = k > 2 ? pow(spend[2] + (c->paid > 0 ? fmax(c->spent, 0) : 0), 2) / (k - 1) / (k - 2)
					   : INFINITY;
		total += mean;
		variance +=
			alive * shrunk * shrunk * square * spend[0] *
				(kept + spend[0] * (kept + c->share * c->share * pairs)) -
			mean * mean;
	}
	result.expected = total * model->margin_rate;
	if (total == 0 || model->margin_rate == 0)
		return (Outlook){0, 0, 0};
	variance += parameter_variance(model, customers, n);
	if (!isfinite(total) || !isfinite(variance))
		return (Outlook){result.expected, 0, INFINITY};

	/* with the chance of nothing at all; the rest is gamma distributed */
	beyond = -expm1(log_none);
	shape = 1 / ((variance + total * total) * beyond / (total * total) - 1);
	if (!(shape > 0))
		shape = total * total / variance;
	for (int high = 0; high < 2; high++)
	{
		double p = high ? 0.5 * (1 + model->level) : 0.5 * (1 - model->level);
		double within = (p - (1 - beyond)) / beyond;
		double value = within > 0 ? gamma_quantile(shape, within) / shape * total / beyond : 0;

		*(high ? &result.high : &result.low) = value * model->margin_rate;
	}
	return result;
}
