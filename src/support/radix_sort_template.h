/*
 * radix_sort_template.h
 *	  Radix sort of one kind of keys: many are brought into buckets by their leading bits, in place,
 *	  until a bucket is small enough to be sorted in the processor's cache, by its bits from the low
 *	  end up. Keys are integers, or what has one that it is sorted by.
 *
 * Before including: SORT_NAME, SORT_KEY, SORT_UNSIGNED (the unsigned type of the integer's width),
 * SORT_FEW and SORT_CHUNK, the names to give to the sort by insertion and to that of a small bucket,
 * and SORT_BY(key), the integer, unless the key is it. They are undefined again at the end.
 */
#ifndef SORT_BY
#define SORT_BY(key) (key)
#endif
#define SORT_SMALL 32    /* below this, moving neighbours is faster */
#define SORT_PAUSE 65536 /* from here on, there is a pause */

/* so many keys are sorted beside a copy of them on the stack */
#define SORT_CHUNK_KEYS (32768 / sizeof(SORT_KEY))
#define SORT_DIGIT_BITS 8

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

/*
 * More than a few, but not more than SORT_CHUNK_KEYS: two passes over as many of the leading bits as tell most
 * keys apart, and the rest among those that have these in common.
 */
static void
SORT_CHUNK(SORT_KEY *keys, size_t n)
{
	SORT_KEY spare[SORT_CHUNK_KEYS];
	uint16_t low[1 << SORT_DIGIT_BITS] = {0}, high[1 << SORT_DIGIT_BITS] = {0};
	uint16_t low_sum = 0, high_sum = 0;
	__typeof__(SORT_BY(keys[0])) least = SORT_BY(keys[0]), greatest = least;
	int shift;

	for (size_t i = 1; i < n; i++)
	{
		least = SORT_BY(keys[i]) < least ? SORT_BY(keys[i]) : least;
		greatest = SORT_BY(keys[i]) > greatest ? SORT_BY(keys[i]) : greatest;
	}
	shift = bit_length((SORT_UNSIGNED) greatest - (SORT_UNSIGNED) least) - 2 * SORT_DIGIT_BITS;
	if (shift < 0)
		shift = 0;

#define LEADING(key) ((unsigned) (((SORT_UNSIGNED) SORT_BY(key) - (SORT_UNSIGNED) least) >> shift))
#define LOW(key) (LEADING(key) & ((1 << SORT_DIGIT_BITS) - 1))
#define HIGH(key) (LEADING(key) >> SORT_DIGIT_BITS)

	for (size_t i = 0; i < n; i++)
	{
		low[LOW(keys[i])]++;
		high[HIGH(keys[i])]++;
	}
	for (int d = 0; d < 1 << SORT_DIGIT_BITS; d++)
	{
		uint16_t low_keys = low[d], high_keys = high[d];

		low[d] = low_sum;
		high[d] = high_sum;
		low_sum += low_keys;
		high_sum += high_keys;
	}
	for (size_t i = 0; i < n; i++)
		spare[low[LOW(keys[i])]++] = keys[i];
	for (size_t i = 0; i < n; i++)
		keys[high[HIGH(spare[i])]++] = spare[i];

	for (size_t i = 0, same; shift > 0 && i < n; i += same)
	{
		unsigned leading = LEADING(keys[i]);

		for (same = 1; i + same < n && LEADING(keys[i + same]) == leading; same++)
			;
		if (same > SORT_SMALL)
			SORT_CHUNK(keys + i, same);
		else if (same > 1)
			SORT_FEW(keys + i, same);
	}

#undef LEADING
#undef LOW
#undef HIGH
}

void
SORT_NAME(SORT_KEY *keys, size_t n, SelectPause pause)
{
	size_t next[SELECT_BUCKETS], end[SELECT_BUCKETS + 1];
	__typeof__(SORT_BY(keys[0])) least, greatest;
	int bits = SELECT_BUCKET_BITS;
	int shift;

	if (n <= SORT_SMALL)
	{
		SORT_FEW(keys, n);
		return;
	}
	if (n <= SORT_CHUNK_KEYS)
	{
		SORT_CHUNK(keys, n);
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

	/* no more buckets than make chunks */
	while (bits > 2 && n >> (bits - 1) < SORT_CHUNK_KEYS / 2)
		bits--;
	shift = bit_length((SORT_UNSIGNED) greatest - (SORT_UNSIGNED) least) - bits;
	if (shift < 0)
		shift = 0;

#define BUCKET_OF(key) ((size_t) (((SORT_UNSIGNED) SORT_BY(key) - (SORT_UNSIGNED) least) >> shift))

	memset(end, 0, sizeof(end));
	for (size_t i = 0; i < n; i++)
		end[BUCKET_OF(keys[i]) + 1]++;
	for (int b = 0; b < 1 << bits; b++)
	{
		next[b] = end[b];
		end[b + 1] += end[b];
	}

	/* follow each misplaced key to its bucket, until one comes back */
	for (int b = 0; b < 1 << bits; b++)
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
		for (int b = 0; b < 1 << bits; b++)
			SORT_NAME(keys + end[b], end[b + 1] - end[b], pause);
}

#undef SORT_NAME
#undef SORT_KEY
#undef SORT_UNSIGNED
#undef SORT_FEW
#undef SORT_CHUNK
#undef SORT_BY
#undef SORT_SMALL
#undef SORT_PAUSE
#undef SORT_CHUNK_KEYS
#undef SORT_DIGIT_BITS
