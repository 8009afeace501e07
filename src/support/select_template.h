/*
 * select_template.h
 *	  Survey and selection for one kind of keys; select.h says what they find.
 *
 * Before including: SELECT_SURVEY and SELECT_POINTS, the names; SELECT_KEY, SELECT_UNSIGNED (the
 * unsigned type of the same width), SELECT_FEW (a sort for few keys), SELECT_QUANTUM(greatest, n)
 * and SELECT_WEIGHT(key, quantum). They are undefined again at the end. Weights are added without a sign, so that those
 * that nobody asks for may overflow.
 */

#define BUCKET_OF(survey, key) \
	((int) (((SELECT_UNSIGNED) (key) - (SELECT_UNSIGNED) (survey)->least) >> (survey)->shift))

/* A closer survey, of some of the keys surveyed before, keeps the quantum. */
static void
SELECT_SURVEY(const SELECT_KEY *keys, size_t n, SelectSurvey *survey, bool is_closer)
{
	SELECT_KEY least = keys[0], greatest = keys[0];
	uwide total = 0;
	int quantum;

	for (size_t i = 1; i < n; i++)
	{
		least = keys[i] < least ? keys[i] : least;
		greatest = keys[i] > greatest ? keys[i] : greatest;
	}
	if (!is_closer)
		survey->quantum = SELECT_QUANTUM(greatest, n);
	quantum = survey->quantum;
	survey->least = least;
	survey->shift =
		bit_length((SELECT_UNSIGNED) greatest - (SELECT_UNSIGNED) least) - SELECT_BUCKET_BITS;
	if (survey->shift < 0)
		survey->shift = 0;
	survey->top = BUCKET_OF(survey, greatest);

	memset(survey->bucket, 0, sizeof(survey->bucket));
	for (size_t i = 0; i < n; i++)
	{
		int b = BUCKET_OF(survey, keys[i]);

		survey->bucket[b].keys++;
		survey->bucket[b].weight += SELECT_WEIGHT(keys[i], quantum);
	}
	(void) quantum;
	for (int b = 0; b <= survey->top; b++)
		total += survey->bucket[b].weight;
	survey->total = (wide) total;
}

/* Is what lies above a point, and another step, less than the threshold? */
#define STILL_LESS(point, more_keys, more_weight, threshold) \
	((by_count ? (wide) ((point).above + (more_keys))        \
			   : (wide) ((uwide) (point).weight_above + (more_weight))) < (threshold))

/* As select_points; at stands above these keys, with what is greater than all of them. */
static void
SELECT_POINTS(SELECT_KEY *keys, size_t n, const SelectSurvey *survey, bool by_count, SelectPoint at,
			  const wide *thresholds, int count, SelectPoint *points, SelectPause pause)
{
	int b = survey->top;

	if (pause != NULL && n >= MANY)
		pause();

	/* from the top bucket down, with the thresholds as they rise */
	for (int first = 0, last; first < count; first = last)
	{
		SelectSurvey closer;
		int below;
		size_t found = 0, wanted;

		/* the answer lies in the lowest bucket above which there is less than the threshold */
		for (;;)
		{
			below = b - 1;
			while (below >= 0 && survey->bucket[below].keys == 0)
				below--;
			if (below < 0 || !STILL_LESS(at, survey->bucket[b].keys, survey->bucket[b].weight,
										 thresholds[first]))
				break;
			at.above += survey->bucket[b].keys;
			at.weight_above = (wide) ((uwide) at.weight_above + survey->bucket[b].weight);
			b = below;
		}
		for (last = first + 1; last < count; last++)
			if (below >= 0 &&
				STILL_LESS(at, survey->bucket[b].keys, survey->bucket[b].weight, thresholds[last]))
				break;

		/* its keys to the front, and on with them alone */
		wanted = survey->bucket[b].keys;
		for (size_t i = 0; found < wanted; i++)
		{
			SELECT_KEY key = keys[i];

			keys[i] = keys[found];
			keys[found] = key;
			found += BUCKET_OF(survey, key) == b;
		}
		if (found > FEW && survey->shift > 0)
		{
			closer.quantum = survey->quantum;
			SELECT_SURVEY(keys, found, &closer, true);
			SELECT_POINTS(keys, found, &closer, by_count, at, thresholds + first, last - first,
						  points + first, pause);
			continue;
		}

		/* few, or all the same */
		if (survey->shift > 0)
			SELECT_FEW(keys, found);
		for (int i = first; i < last; i++)
		{
			SelectPoint here = at;
			size_t k = found, ties;

			for (;;)
			{
				uwide weight = 0;

				here.key = keys[k - 1];
				for (ties = 0; ties < k && keys[k - 1 - ties] == here.key; ties++)
					weight += SELECT_WEIGHT(here.key, survey->quantum);
				if (ties == k || !STILL_LESS(here, ties, weight, thresholds[i]))
					break;
				here.above += ties;
				here.weight_above = (wide) ((uwide) here.weight_above + weight);
				k -= ties;
			}
			here.ties = ties;
			points[i] = here;
		}
	}
}

#undef BUCKET_OF
#undef STILL_LESS
#undef SELECT_SURVEY
#undef SELECT_POINTS
#undef SELECT_KEY
#undef SELECT_UNSIGNED
#undef SELECT_FEW
#undef SELECT_QUANTUM
#undef SELECT_WEIGHT
