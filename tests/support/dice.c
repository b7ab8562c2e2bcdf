#include "support/dice.h"

#include <stdlib.h>

/* SplitMix64. */
static uint64_t next(struct dice *dice)
{
    dice->state += 0x9e3779b97f4a7c15U;
    uint64_t z = dice->state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
}

struct dice dice_of(uint64_t round)
{
    const char *first = getenv("SENDLINE_SEED");
    struct dice dice = {.seed = (first == NULL ? 1 : strtoull(first, NULL, 10)) + round};

    dice.state = dice.seed;
    return dice;
}

uint32_t dice_below(struct dice *dice, uint32_t n)
{
    return (uint32_t)(next(dice) % n);
}

int dice_between(struct dice *dice, int least, int most)
{
    return least + (int)dice_below(dice, (uint32_t)(most - least) + 1);
}

bool dice_once_in(struct dice *dice, uint32_t n)
{
    return dice_below(dice, n) == 0;
}
