/* The tidier: moves the log into the database while the writer goes on. */
#include "common/log.h"
#include "store/threads.h"

void tidier_wake(struct tidier *tidier)
{
    (void)pthread_mutex_lock(&tidier->lock);
    tidier->wanted = true;
    (void)pthread_cond_signal(&tidier->wake);
    (void)pthread_mutex_unlock(&tidier->lock);
}

static bool wait_for_work(struct tidier *tidier)
{
    (void)pthread_mutex_lock(&tidier->lock);
    while (!tidier->wanted && !tidier->stop) {
        (void)pthread_cond_wait(&tidier->wake, &tidier->lock);
    }
    tidier->wanted = false;
    bool go_on = !tidier->stop;
    (void)pthread_mutex_unlock(&tidier->lock);
    return go_on;
}

void *tidier_main(void *arg)
{
    struct tidier *tidier = arg;

    while (wait_for_work(tidier)) {
        struct sl_err err = {.code = SL_OK};
        bool clear = false;
        enum sl_code rc = tidier->store->driver->tidy(tidier->db, DRIVER_TIDY_BESIDE, &clear, &err);
        if (rc != SL_OK) {
            /* Nothing is lost: the log keeps it, and the next turn tries again. */
            sl_log_err(SL_LOG_WARN, "tidy_failed", &err);
        }
    }
    return NULL;
}
