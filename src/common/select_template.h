/*
 * select_template.h
 *	  Selection for one kind of keys and weights; select.h says what it finds.
 *
 * Before including: SELECT_NAME, SELECT_KEY, SELECT_UNSIGNED (the unsigned type of the same
 * width), SELECT_FEW (a sort for few keys) and SELECT_WEIGHT(key), an expression that may use
 * "quantum". They are undefined again at the end.
 */

/* As in select.h; above, which is less than thresholds[0], is the weight of greater keys that are
 * not among these. */
static void
SELECT_NAME(SELECT_KEY *keys, size_t n, int quantum, wide above, const wide *thresholds, int count,
			SELECT_KEY *results, SelectPause pause)
{
	struct
	{
		size_t keys;
		wide weight;
	} bucket[BUCKETS];
	SELECT_KEY least, greatest;
	int shift;
	int at;

	(void) quantum;
	if (n <= FEW)
	{
		size_t k = n - 1;

		SELECT_FEW(keys, n);
		for (int i = 0; i < count; i++)
		{
			/* keys[k] will do; so does its lower neighbour unless what lies above that is too much */
			while (k > 0 && above + SELECT_WEIGHT(keys[k]) < thresholds[i])
			{
				above += SELECT_WEIGHT(keys[k]);
				k--;
			}
			results[i] = keys[k];
		}
		return;
	}
	if (pause != NULL && n >= MANY)
		pause();

	least = greatest = keys[0];
	for (size_t i = 1; i < n; i++)
	{
		least = keys[i] < least ? keys[i] : least;
		greatest = keys[i] > greatest ? keys[i] : greatest;
	}
	if (least == greatest)
	{
		for (int i = 0; i < count; i++)
			results[i] = least;
		return;
	}
	shift = bit_length((SELECT_UNSIGNED) greatest - (SELECT_UNSIGNED) least) - BUCKET_BITS;
	if (shift < 0)
		shift = 0;

#define BUCKET_OF(key) ((int) (((SELECT_UNSIGNED) (key) - (SELECT_UNSIGNED) least) >> shift))

	memset(bucket, 0, sizeof(bucket));
	for (size_t i = 0; i < n; i++)
	{
		int b = BUCKET_OF(keys[i]);

		bucket[b].keys++;
		bucket[b].weight += SELECT_WEIGHT(keys[i]);
	}

	/* from the top bucket down, with the thresholds as they rise */
	at = BUCKET_OF(greatest);
	for (int first = 0, last; first < count; first = last)
	{
		int below;
		size_t found = 0, wanted;

		/* the answer lies in the lowest bucket above which there is less than the threshold */
		for (;;)
		{
			below = at - 1;
			while (below >= 0 && bucket[below].keys == 0)
				below--;
			if (below < 0 || above + bucket[at].weight >= thresholds[first])
				break;
			above += bucket[at].weight;
			at = below;
		}
		for (last = first + 1; last < count; last++)
			if (below >= 0 && above + bucket[at].weight < thresholds[last])
				break;

		/* its keys to the front, and on with them alone */
		wanted = bucket[at].keys;
		for (size_t i = 0; found < wanted; i++)
		{
			SELECT_KEY key = keys[i];

			keys[i] = keys[found];
			keys[found] = key;
			found += BUCKET_OF(key) == at;
		}
		SELECT_NAME(keys, found, quantum, above, thresholds + first, last - first, results + first,
					pause);
	}

#undef BUCKET_OF
}

#undef SELECT_NAME
#undef SELECT_KEY
#undef SELECT_UNSIGNED
#undef SELECT_FEW
#undef SELECT_WEIGHT
