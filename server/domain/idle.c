#include "domain/idle.h"

int64_t idle_horizon(int64_t now_s)
{
    return now_s - IDLE_SAVED_EVERY_S;
}

bool idle_ended(int64_t used_at, int64_t idle_s, int64_t now_s)
{
    return used_at + idle_s <= idle_horizon(now_s);
}
