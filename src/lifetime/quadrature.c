/*
 * quadrature.c
 *	  Integrals of positive functions in log scale.
 *
 * Gauss-Legendre panels are laid from the peak outwards until what is left is below rounding. A
 * panel is at most PANEL_LENGTH long, well within the distance of the nearest singularity, and f
 * changes by at most exp(PANEL_DROP) within it: 16 nodes are then exact to rounding.
 */
#include <math.h>
#include <stddef.h>

#include "lifetime/quadrature.h"

#define PANEL_LENGTH 2.0
#define PANEL_DROP 4.0
#define NEGLIGIBLE 45.0 /* exp(-45) = 3e-20 */
#define HALF_NODES 8

/* the 16-point rule on [-1, 1]: Abramowitz & Stegun 1964, table 25.4 */
static const struct
{
	double position;
	double weight;
} nodes[HALF_NODES] = {
	{0.095012509837637440185, 0.18945061045506849629},
	{0.28160355077925891323, 0.18260341504492358887},
	{0.45801677765722738634, 0.16915651939500253819},
	{0.61787624440264374845, 0.14959598881657673208},
	{0.7554044083550030339, 0.12462897125553387205},
	{0.86563120238783174388, 0.09515851168249278481},
	{0.94457502307323257608, 0.062253523938647892863},
	{0.9894009349916499326, 0.027152459411754094852},
};

typedef struct Work
{
	LogFunction f;
	const void *self;
	double reference; /* ln f near the peak */
	NodeVisitor visit;
	void *state;
} Work;

static inline double
node_value(const Work *work, double u, double weight)
{
	double slope;
	double value = weight * exp(work->f(work->self, u, &slope) - work->reference);

	if (work->visit)
		work->visit(work->state, u, value);
	return value;
}

static double
panel(const Work *work, double from, double to)
{
	double centre = 0.5 * (from + to);
	double half = 0.5 * fabs(to - from);
	double sum = 0;

	for (int i = 0; i < HALF_NODES; i++)
	{
		sum += node_value(work, centre - half * nodes[i].position, half * nodes[i].weight);
		sum += node_value(work, centre + half * nodes[i].position, half * nodes[i].weight);
	}
	return sum;
}

/* From start to end, in either direction. */
static double
walk(const Work *work, double start, double end, bool open)
{
	double sum = 0;
	double slope;
	double u = start;
	double here = work->reference;
	double step = end > start ? PANEL_LENGTH : -PANEL_LENGTH;

	while (u != end)
	{
		double next, there, change;

		if (fabs(step) > fabs(end - u))
			step = end - u;
		for (;;)
		{
			next = step == end - u ? end : u + step;
			there = work->f(work->self, next, &slope);
			change = fmax(fabs(there - here),
						  fabs(work->f(work->self, 0.5 * (u + next), &slope) - here));
			if (change <= PANEL_DROP)
				break;
			step *= fmin(0.5, fmax(0.75 * PANEL_DROP / change, 0.01));
			if (u + step == u)
				return NAN;
		}
		sum += panel(work, u, next);
		u = next;
		here = there;
		if (here < work->reference - NEGLIGIBLE)
			return sum;
		step = copysign(fmin(2 * fabs(step), PANEL_LENGTH), step);
	}
	if (open)
	{
		here = work->f(work->self, u, &slope);
		sum += exp(here - work->reference) / fabs(slope);
	}
	return sum;
}

/* Near enough to the peak that f is not e times as high there. */
static double
find_peak(LogFunction f, const void *self, double low, double high)
{
	double slope;

	f(self, low, &slope);
	if (!(slope > 0))
		return low;
	f(self, high, &slope);
	if (!(slope < 0))
		return high;
	for (int i = 0; i < 100; i++)
	{
		double middle = 0.5 * (low + high);

		f(self, middle, &slope);
		if (fabs(slope) * (high - low) < 1)
			return middle;
		if (slope > 0)
			low = middle;
		else
			high = middle;
	}
	return low;
}

double
log_integral(LogFunction f, const void *self, Interval over, NodeVisitor visit, void *state)
{
	Work work = {f, self, 0, visit, state};
	double slope;
	double peak, sum;

	if (over.low >= over.high)
	{
		/* all of it is tail */
		if (!over.low_open)
			return -INFINITY;
		work.reference = f(self, over.high, &slope);
		return work.reference - log(slope);
	}
	peak = find_peak(f, self, over.low, over.high);
	work.reference = f(self, peak, &slope);
	sum = walk(&work, peak, over.high, over.high_open);
	sum += walk(&work, peak, over.low, over.low_open);
	return work.reference + log(sum);
}
