/*
 * radix_sort_template.h
 *	  In-place radix sort of one kind of keys, from the leading bits down. Keys are integers, or what has one
 *	  that it is sorted by.
 *
 * Before including: SORT_NAME, SORT_KEY, SORT_UNSIGNED (the unsigned type of the integer's width),
 * SORT_FEW, the name to give to the sort by insertion, and SORT_BY(key), the integer, unless the key is it.
 * They are undefined again at the end.
 */
#ifndef SORT_BY
#define SORT_BY(key) (key)
#endif
#define SORT_SMALL 32    /* below this, moving neighbours is faster */
#define SORT_PAUSE 65536 /* from here on, there is a pause */

/* Smallest first, by insertion. */
static void
SORT_FEW(SORT_KEY *keys, size_t n)
{
	for (size_t i = 1; i < n; i++)
	{
		SORT_KEY key = keys[i];
		size_t k = i;

		for (; k > 0 && SORT_BY(keys[k - 1]) > SORT_BY(key); k--)
			keys[k] = keys[k - 1];
		keys[k] = key;
	}
}

void
SORT_NAME(SORT_KEY *keys, size_t n, SelectPause pause)
{
	size_t next[SELECT_BUCKETS], end[SELECT_BUCKETS + 1];
	__typeof__(SORT_BY(keys[0])) least, greatest;
	int shift;

	if (n <= SORT_SMALL)
	{
		SORT_FEW(keys, n);
		return;
	}
	if (pause != NULL && n >= SORT_PAUSE)
		pause();

	least = greatest = SORT_BY(keys[0]);
	for (size_t i = 1; i < n; i++)
	{
		least = SORT_BY(keys[i]) < least ? SORT_BY(keys[i]) : least;
		greatest = SORT_BY(keys[i]) > greatest ? SORT_BY(keys[i]) : greatest;
	}
	if (least == greatest)
		return;
	shift = bit_length((SORT_UNSIGNED) greatest - (SORT_UNSIGNED) least) - SELECT_BUCKET_BITS;
	if (shift < 0)
		shift = 0;

#define BUCKET_OF(key) ((size_t) (((SORT_UNSIGNED) SORT_BY(key) - (SORT_UNSIGNED) least) >> shift))

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
#undef SORT_BY
#undef SORT_SMALL
#undef SORT_PAUSE
