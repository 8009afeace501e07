/*
 * fit.c
 *	  Maximum likelihood by Newton's method.
 *
 * The search is over the logarithms of the parameters: none can become negative, and units do not
 * matter. Where the likelihood is not concave, the curvature's sign is turned in the directions
 * concerned, so that each step goes up; its length is bounded by a trust radius. A parameter that
 * wants to leave its limits is held there while the others go on.
 */
#include "lifetime/fit.h"

#include <math.h>
#include <string.h>

#define MAX_EVALUATIONS 300
#define SLOPE_WANTED 1e-11
#define SLOPE_ACCEPTED 1e-8
#define MAX_RADIUS 3.0
#define MIN_RADIUS 1e-12

void
fit_eigen(int n, double matrix[][FIT_PARAMETERS], double *values, double vectors[][FIT_PARAMETERS])
{
	for (int i = 0; i < n; i++)
		for (int j = 0; j < n; j++)
			vectors[i][j] = i == j;
	for (int sweep = 0; sweep < 50; sweep++)
	{
		double off = 0, all = 0;

		for (int i = 0; i < n; i++)
			for (int j = 0; j < n; j++)
			{
				all += matrix[i][j] * matrix[i][j];
				off += i == j ? 0 : matrix[i][j] * matrix[i][j];
			}
		if (off <= 1e-36 * all)
			break;
		for (int p = 0; p < n; p++)
			for (int q = p + 1; q < n; q++)
			{
				double ratio, t, c, s;

				if (matrix[p][q] == 0)
					continue;
				ratio = (matrix[q][q] - matrix[p][p]) / (2 * matrix[p][q]);
				t = copysign(1, ratio) / (fabs(ratio) + sqrt(1 + ratio * ratio));
				c = 1 / sqrt(1 + t * t);
				s = t * c;
				for (int k = 0; k < n; k++)
				{
					double kp = matrix[k][p], kq = matrix[k][q];

					matrix[k][p] = c * kp - s * kq;
					matrix[k][q] = s * kp + c * kq;
				}
				for (int k = 0; k < n; k++)
				{
					double pk = matrix[p][k], qk = matrix[q][k];

					matrix[p][k] = c * pk - s * qk;
					matrix[q][k] = s * pk + c * qk;
				}
				for (int k = 0; k < n; k++)
				{
					double kp = vectors[k][p], kq = vectors[k][q];

					vectors[k][p] = c * kp - s * kq;
					vectors[k][q] = s * kp + c * kq;
				}
			}
	}
	for (int i = 0; i < n; i++)
		values[i] = matrix[i][i];
}

/* The space of the search, and where in it we stand. */
typedef struct Search
{
	int parameters;
	const double *lower;
	const double *upper;
	double theta[FIT_PARAMETERS];
	FitPoint point;
	/* the parameters that are not held at a limit, and the curvature between them */
	int unknowns;
	int which[FIT_PARAMETERS];
	double values[FIT_PARAMETERS];
	double vectors[FIT_PARAMETERS][FIT_PARAMETERS];
} Search;

/* The limit that parameter i stands at, if any: -1 or 1. */
static int
at_limit(const Search *search, int i)
{
	return search->theta[i] <= search->lower[i] ? -1 : search->theta[i] >= search->upper[i] ? 1 : 0;
}

static double
steepest(const Search *search, const FitPoint *point)
{
	double result = 0;

	for (int i = 0; i < search->unknowns; i++)
		result = fmax(result, fabs(point->slope[search->which[i]]));
	return result;
}

static void
decompose(Search *search)
{
	double matrix[FIT_PARAMETERS][FIT_PARAMETERS];

	for (int i = 0; i < search->unknowns; i++)
		for (int j = 0; j < search->unknowns; j++)
			matrix[i][j] = search->point.curvature[search->which[i]][search->which[j]];
	fit_eigen(search->unknowns, matrix, search->values, search->vectors);
}

/* Holds the parameters that are at a limit beyond which it goes up. */
static void
hold(Search *search)
{
	search->unknowns = 0;
	for (int i = 0; i < search->parameters; i++)
		if (at_limit(search, i) * search->point.slope[i] <= 0)
			search->which[search->unknowns++] = i;
	decompose(search);
}

/*
 * The step for all parameters, of which those that it would take out from a limit are held as well;
 * it ends where the first of the others comes to its limit.
 */
static void
newton_step(Search *search, double radius, double *step)
{
	double part = 1;
	int kept;

	do
	{
		for (int i = 0; i < search->parameters; i++)
			step[i] = 0;
		for (int k = 0; k < search->unknowns; k++)
		{
			double along = 0;

			for (int i = 0; i < search->unknowns; i++)
				along += search->vectors[i][k] * search->point.slope[search->which[i]];
			along /= fmax(fabs(search->values[k]), 1e-15);
			/* each direction on its own: a flat one must not slow the others down */
			along = fmin(fmax(along, -radius), radius);
			for (int i = 0; i < search->unknowns; i++)
				step[search->which[i]] += along * search->vectors[i][k];
		}
		kept = 0;
		for (int i = 0; i < search->unknowns; i++)
			if (at_limit(search, search->which[i]) * step[search->which[i]] <= 0)
				search->which[kept++] = search->which[i];
		if (kept == search->unknowns)
			break;
		search->unknowns = kept;
		decompose(search);
	} while (kept > 0);

	for (int i = 0; i < search->parameters; i++)
	{
		double room = log((step[i] < 0 ? search->lower[i] : search->upper[i]) / search->theta[i]);

		if (fabs(step[i]) > fabs(room))
			part = fmin(part, room / step[i]);
	}
	for (int i = 0; i < search->parameters; i++)
		step[i] *= part;
}

void
fit_search(FitEvaluate evaluate, void *data, int n, const double *lower, const double *upper,
		   double weight, Fit *fit)
{
	Search search = {.parameters = n, .lower = lower, .upper = upper};
	double radius = 1;

	for (int i = 0; i < n; i++)
		search.theta[i] = fmin(fmax(fit->theta[i], lower[i]), upper[i]);
	evaluate(search.theta, data, &search.point);
	for (int evaluations = 1; evaluations < MAX_EVALUATIONS && radius > MIN_RADIUS; evaluations++)
	{
		double step[FIT_PARAMETERS];
		double theta[FIT_PARAMETERS];
		double length = 0, gain = 0;
		FitPoint next;

		hold(&search);
		if (steepest(&search, &search.point) <= SLOPE_WANTED)
			break;
		newton_step(&search, radius, step);
		for (int i = 0; i < n; i++)
		{
			double to = search.theta[i] * exp(step[i]);

			/* to the limit itself, not to within rounding of it */
			theta[i] = to < lower[i] * (1 + 1e-12)   ? lower[i]
					   : to > upper[i] * (1 - 1e-12) ? upper[i]
													 : to;
			length = fmax(length, fabs(step[i]));
			gain += step[i] * search.point.slope[i];
		}
		evaluate(theta, data, &next);

		/* near the top rounding hides the gain, but not the slope */
		if (next.value > search.point.value ||
			(next.value > search.point.value - 1e-12 * fabs(search.point.value) &&
			 steepest(&search, &next) < 0.5 * steepest(&search, &search.point)))
		{
			if (next.value - search.point.value > 0.25 * gain)
				radius = fmin(2 * radius, MAX_RADIUS);
			search.point = next;
			for (int i = 0; i < n; i++)
				search.theta[i] = theta[i];
		}
		else
			radius = 0.25 * fmin(radius, length);
	}

	hold(&search);
	fit->note = NULL;
	fit->loglik = search.point.value * weight;
	fit->converged = steepest(&search, &search.point) <= SLOPE_ACCEPTED;
	for (int i = 0; i < n; i++)
	{
		fit->theta[i] = search.theta[i];
		fit->limit[i] = at_limit(&search, i);
		fit->std_error[i] = NAN;
	}
	memset(fit->covariance, 0, sizeof(fit->covariance));
	fit->known = search.unknowns > 0;
	for (int i = 0; i < search.unknowns; i++)
	{
		double *variance = &fit->covariance[search.which[i]][search.which[i]];

		fit->limit[search.which[i]] = 0;
		for (int k = 0; k < search.unknowns; k++)
			/* a direction without curvature says nothing of the parameters that it moves */
			if (!(search.values[k] > 1e-13) && search.vectors[i][k] * search.vectors[i][k] > 1e-8)
				*variance = NAN;
		for (int j = i; j < search.unknowns; j++)
		{
			double sum = 0;

			for (int k = 0; k < search.unknowns; k++)
				if (search.values[k] > 1e-13)
					sum += search.vectors[i][k] * search.vectors[j][k] / search.values[k];
			fit->covariance[search.which[i]][search.which[j]] += sum / weight;
			if (i != j)
				fit->covariance[search.which[j]][search.which[i]] = sum / weight;
		}
		fit->std_error[search.which[i]] = search.theta[search.which[i]] * sqrt(*variance);
		fit->known &= isfinite(*variance);
	}
}

/* A log-likelihood that comes with its derivatives by the parameters themselves. */
typedef struct Derived
{
	LogLikelihood f;
	void *data;
	int parameters;
	double weight;
} Derived;

static void
evaluate_derived(const double *theta, void *data, FitPoint *point)
{
	const Derived *derived = data;
	Jet jet;

	derived->f(theta, derived->data, &jet);
	point->value = jet.value / derived->weight;
	for (int i = 0; i < derived->parameters; i++)
	{
		point->slope[i] = theta[i] * jet.gradient[i] / derived->weight;
		for (int j = i; j < derived->parameters; j++)
			point->curvature[i][j] = point->curvature[j][i] =
				-theta[i] * theta[j] * jet.hessian[i][j] / derived->weight;
		point->curvature[i][i] -= point->slope[i];
	}
}

void
fit_maximise(LogLikelihood f, void *data, int n, const double *lower, const double *upper,
			 double weight, Fit *fit)
{
	Derived derived = {f, data, n, weight};

	fit_search(evaluate_derived, &derived, n, lower, upper, weight, fit);
}

typedef struct Sample
{
	const Method *method;
	const Observation *observations;
	size_t n;
	void (*breathe)(void);
	int k;
} Sample;

static void
sample_loglik(const double *theta, void *data, Jet *total)
{
	const Sample *sample = data;
	double with_k[METHOD_THETA];

	memcpy(with_k, theta, (size_t) sample->method->parameters * sizeof(double));
	with_k[METHOD_K] = sample->k;
	sample->method->loglik_jet(with_k, sample->observations, sample->n, sample->breathe, total);
}

/*
 * Of many summaries first a part, from which the search over all of them has only a few steps left:
 * each that stands for many customers, and one of every so many others in place of them all. some has
 * room for n; returns how many there are.
 */
#define THIN_ABOVE 20000
#define THIN_TO 5000

static size_t
thin(const Observation *all, size_t n, Observation *some)
{
	int64_t every = (int64_t) (n / THIN_TO);
	size_t found = 0;
	int64_t passed = 0;

	for (size_t i = 0; i < n; i++)
	{
		bool stays = all[i].count >= every;

		if (!stays && passed++ % every != every / 2)
			continue;
		some[found] = all[i];
		if (!stays)
			some[found].count *= every;
		found++;
	}
	return found;
}

static void
fit_sample(Sample *sample, Fit *fit)
{
	double customers = 0;

	for (size_t i = 0; i < sample->n; i++)
		customers += (double) sample->observations[i].count;
	fit_maximise(sample_loglik, sample, sample->method->parameters, sample->method->lower,
				 sample->method->upper, customers, fit);
}

/* The fit from a start that is kept where a part leads astray. */
static void
fit_in_two_steps(Sample *sample, Observation *room, Fit *fit)
{
	double start[JET_PARAMETERS];

	memcpy(start, fit->theta, sizeof(start));
	if (sample->n > THIN_ABOVE)
	{
		Sample part = *sample;
		bool good;

		part.observations = room;
		part.n = thin(sample->observations, sample->n, room);
		fit_sample(&part, fit);
		good = fit->converged;
		for (int i = 0; i < sample->method->parameters; i++)
			good &= fit->limit[i] == 0;
		if (!good)
			memcpy(fit->theta, start, sizeof(start));
	}
	fit_sample(sample, fit);
}

/*
 * Each number of phases begins where the one before ended; a phase is the shorter the more there are. The
 * likelihood rises up to the best number and falls beyond: having fallen twice, it is done.
 */
static void
fit_phases(Sample *sample, const FitPhases *phases, double log_unit, Observation *room, Fit *best)
{
	Fit fit = *best;

	for (int k = phases->from; k <= phases->to && (k == phases->from || k <= best->k + 2); k++)
	{
		for (int i = 0; i < sample->method->parameters; i++)
			if (sample->method->scale[i])
				fit.theta[i] *= k > phases->from ? (k - 1.0) / k : 1.0 / k;
		sample->k = fit.k = k;
		if (k == phases->from)
			fit_in_two_steps(sample, room, &fit);
		else
			fit_sample(sample, &fit);
		fit.loglik += phases->log_gaps[k] - k * log_unit;
		if (k == phases->from || fit.loglik > best->loglik)
			*best = fit;
	}
}

void
fit_method(const Method *method, const FitPhases *phases, Observation *observations, size_t n,
		   Observation *room, void (*breathe)(void), Fit *fit)
{
	Sample sample = {method, observations, n, breathe, 0};
	bool scaled = false;
	double unit = 1, orders = 0, ages = 0, customers = 0;

	/* in units of the longest age, limits and start are the same for days and for weeks */
	for (int i = 0; i < method->parameters; i++)
		scaled |= method->scale[i] != 0;
	if (scaled)
	{
		unit = 0;
		for (size_t i = 0; i < n; i++)
			unit = fmax(unit, observations[i].age);
	}
	for (size_t i = 0; i < n; i++)
	{
		observations[i].recency /= unit;
		observations[i].age /= unit;
		customers += (double) observations[i].count;
		orders += (double) observations[i].count * observations[i].frequency;
		ages += (double) observations[i].count * observations[i].age;
	}
	*fit = (Fit){0};
	method->start(orders / customers, ages / customers, fit->theta);
	if (phases)
		fit_phases(&sample, phases, orders * log(unit), room, fit);
	else
	{
		fit_in_two_steps(&sample, room, fit);
		if (scaled)
			fit->loglik -= orders * log(unit);
	}

	fit->note = method->boundary(fit->theta);
	for (int i = 0; i < method->parameters; i++)
		if (method->scale[i])
		{
			fit->theta[i] *= unit;
			fit->std_error[i] *= unit;
		}
}
