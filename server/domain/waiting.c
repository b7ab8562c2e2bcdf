#include "domain/waiting.h"

struct waiting_rules waiting_rules_usual(void)
{
    return (struct waiting_rules){.from_min = 8 * 60, .to_min = 20 * 60, .hold_s = 2 * 3600};
}

int waiting_order(const void *a, const void *b)
{
    const struct waiting *x = a;
    const struct waiting *y = b;

    if (x->affected != y->affected) {
        return x->affected ? -1 : 1;
    }
    if (x->joined_at != y->joined_at) {
        return x->joined_at < y->joined_at ? -1 : 1;
    }
    return (x->order > y->order) - (x->order < y->order);
}

/* When the next offer may be made: now by day, in the morning at night. */
static int64_t next_offer_at(const struct waiting_rules *rules, int64_t now_s)
{
    const struct wall now = wall_of(now_s);

    return now.minute >= rules->from_min && now.minute < rules->to_min
               ? now_s
               : wall_next(now_s, rules->from_min);
}

struct waiting_plan waiting_plan_for(int64_t slot_start_at, const struct waiting *list,
                                     size_t count, const struct waiting_rules *rules, int64_t now_s)
{
    const int64_t offer_at = next_offer_at(rules, now_s);
    const int64_t left_s = slot_start_at - offer_at;
    size_t who = 0;

    while (who < count && (list[who].asked || left_s < list[who].notice_s)) {
        who++;
    }
    /* Half the time to the slot must be some time. */
    if (who == count || left_s < 2) {
        return (struct waiting_plan){.step = WAITING_OPEN};
    }
    if (offer_at > now_s) {
        return (struct waiting_plan){.step = WAITING_KEEP, .who = who, .until_at = offer_at};
    }
    const int64_t half_s = left_s / 2;
    return (struct waiting_plan){
        .step = WAITING_OFFER,
        .who = who,
        .until_at = now_s + (half_s < rules->hold_s ? half_s : rules->hold_s),
    };
}

bool waiting_offer_holds(int64_t until_at, int64_t now_s)
{
    return now_s < until_at;
}
