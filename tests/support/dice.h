/*
 * Random choices of a property test, repeatable by their seed. SENDLINE_SEED in the environment
 * sets where the seeds begin, so that a long run sees other ones. Thread: one owner.
 */
#ifndef TESTS_SUPPORT_DICE_H
#define TESTS_SUPPORT_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
    uint64_t seed; /**< print it when something fails */
    uint64_t state;
};

/** Round number `round` of a test. */
struct dice dice_of(uint64_t round);
/** 0 to n - 1; n at least 1. */
uint32_t dice_below(struct dice *dice, uint32_t n);
/** least to most. */
int dice_between(struct dice *dice, int least, int most);
/** True once in n times. */
bool dice_once_in(struct dice *dice, uint32_t n);

#endif
