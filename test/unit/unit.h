/*
 * unit.h
 *	  What the tests of plain C share: TAP output and a seeded generator.
 */
#ifndef CUSTOMER_VALUE_UNIT_H
#define CUSTOMER_VALUE_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int unit_tests = 0;
static int unit_failures = 0;

/* One line of TAP: a property that held in all rounds, or the first place where it did not. */
#define unit_result(good, ...)                                                                     \
	do                                                                                             \
	{                                                                                              \
		bool unit_good = (good);                                                                   \
		unit_failures += !unit_good;                                                               \
		printf("%sok %d - ", unit_good ? "" : "not ", ++unit_tests);                               \
		printf(__VA_ARGS__);                                                                       \
		putchar('\n');                                                                             \
	} while (0)

/* Inside a property: says where it broke and returns false from the function. */
#define unit_require(condition)                                                                    \
	do                                                                                             \
	{                                                                                              \
		if (!(condition))                                                                          \
		{                                                                                          \
			printf("# %s:%d: %s\n", __FILE__, __LINE__, #condition);                               \
			return false;                                                                          \
		}                                                                                          \
	} while (0)

static inline int
unit_done(void)
{
	printf("1..%d\n", unit_tests);
	return unit_failures != 0;
}

/* xorshift64*: the same numbers on every machine, which rand() does not promise */
static uint64_t unit_state = UINT64_C(0x9E3779B97F4A7C15);

static inline uint64_t
unit_random(void)
{
	unit_state ^= unit_state >> 12;
	unit_state ^= unit_state << 25;
	unit_state ^= unit_state >> 27;
	return unit_state * UINT64_C(0x2545F4914F6CDD1D);
}

static inline uint64_t
unit_below(uint64_t limit)
{
	return unit_random() % limit;
}

#endif
