/* sources: support/decimal.c value/ledger.c value/ledger_text.c value/order_days.c lifetime/sample.c */
/*
 * sample_test.c
 *	  The bytes of samples: taken back as they are, and noise refused.
 */
#include <string.h>

#include "lifetime/sample.h"
#include "unit.h"

#define ROUNDS 20000
#define ENTRIES 8

static size_t
random_bytes(uint8_t *bytes)
{
	SampleHistory histories[ENTRIES];
	SampleSpend spends[ENTRIES];
	Sample sample = {histories, 0, spends, 0, (wide) unit_random(), (wide) unit_random()};
	int n = (int) unit_below(ENTRIES + 1);

	for (int i = 0; i < n; i++)
	{
		int32_t first = (int32_t) unit_below(9000) - 2000;
		int64_t count = 1 + (int64_t) unit_below(1000);

		histories[sample.history_count++] =
			(SampleHistory){count, i + 1, first, first + (i ? i + (int32_t) unit_below(900) : 0)};
		spends[sample.spend_count++] =
			(SampleSpend){1.5 * (i + 1), i ? 1.25 * i : 0, count, i + 1, i + 1};
	}
	return sample_write(&sample, bytes);
}

static bool
bytes_are_taken_back_or_refused(void)
{
	int taken = 0;

	for (int round = 0; round < ROUNDS; round++)
	{
		uint8_t bytes[1024], again[1024];
		uint8_t *copy;
		size_t length = random_bytes(bytes), histories, spends;
		Sample sample = {0};
		SampleRead read;
		bool noisy = unit_below(2);

		if (noisy)
			bytes[unit_below(length)] ^= (uint8_t) (1 << unit_below(8));
		if (noisy && unit_below(3) == 0)
			length -= unit_below(length);
		copy = malloc(length); /* exactly as long as the bytes */
		memcpy(copy, bytes, length);
		read = sample_read_counts(copy, length, &histories, &spends);
		if (read == SAMPLE_FINE)
		{
			sample.histories = malloc((histories + 1) * sizeof(SampleHistory));
			sample.spends = malloc((spends + 1) * sizeof(SampleSpend));
			read = sample_read(copy, length, &sample);
		}
		if (read == SAMPLE_FINE)
		{
			taken++;
			unit_require(sample_size_bound(&sample) >= length);
			unit_require(length <= sizeof(again) && sample_write(&sample, again) == length &&
						 memcmp(again, copy, length) == 0);
		}
		else
			unit_require(noisy);
		free(sample.histories);
		free(sample.spends);
		free(copy);
	}
	unit_require(taken > ROUNDS / 2 && taken < ROUNDS);
	return true;
}

int
main(void)
{
	unit_result(bytes_are_taken_back_or_refused(), "samples are read as written, and noise is refused");
	return unit_done();
}
