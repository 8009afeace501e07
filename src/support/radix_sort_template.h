/*
 * radix_sort_template.h
 *	  In-place radix sort of one kind of keys, from the leading bits down.
 *
 * Before including: SORT_NAME, SORT_KEY, SORT_UNSIGNED (the unsigned type of the same width), and
 * SORT_FEW, the name to give to the sort by insertion. They are undefined again at the end.
 */

/* Smallest first, by insertion. */
static void
SORT_FEW(SORT_KEY *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		SORT_KEY key = keys[i];
		size_t k = i;

		for (; k > 0 && keys[k - 1] > key; k--)
			keys[k] = keys[k - 1];
		keys[k] = key;
	}
}

void
SORT_NAME(SORT_KEY *keys, size_t n, SelectPause pause)
{
	size_t next[SELECT_BUCKETS], end[SELECT_BUCKETS + 1];
	SORT_KEY least, greatest;
	int shift;

	if (n <= FEW)
	{
		SORT_FEW(keys, n);
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
		return;
	shift = bit_length((SORT_UNSIGNED) greatest - (SORT_UNSIGNED) least) - SELECT_BUCKET_BITS;
	if (shift < 0)
		shift = 0;

#define BUCKET_OF(key) ((size_t) (((SORT_UNSIGNED) (key) - (SORT_UNSIGNED) least) >> shift))

	memset(end, 0, sizeof(end));
	for (size_t i = 0; i < n; i++)
		end[BUCKET_OF(keys[i]) + 1]++;
	for (int b = 0; b < SELECT_BUCKETS; b++)
	{
		next[b] = end[b];
		end[b + 1] += end[b];
	}

	/* follow each misplaced key to its bucket, until one comes back */
	for (int b = 0; b < SELECT_BUCKETS; b++)
	{
		while (next[b] < end[b + 1])
		{
			SORT_KEY key = keys[next[b]];
			size_t to;

			while ((to = BUCKET_OF(key)) != (size_t) b)
			{
				SORT_KEY displaced = keys[next[to]];

				keys[next[to]++] = key;
				key = displaced;
			}
			keys[next[b]++] = key;
		}
	}

#undef BUCKET_OF

	if (shift > 0)
		for (int b = 0; b < SELECT_BUCKETS; b++)
			SORT_NAME(keys + end[b], end[b + 1] - end[b], pause);
}

#undef SORT_NAME
#undef SORT_KEY
#undef SORT_UNSIGNED
#undef SORT_FEW
