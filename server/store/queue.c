#include "store/threads.h"

void queue_init(struct queue *q)
{
    (void)pthread_mutex_init(&q->lock, NULL);
    (void)pthread_cond_init(&q->wake, NULL);
}

void queue_fini(struct queue *q)
{
    (void)pthread_mutex_destroy(&q->lock);
    (void)pthread_cond_destroy(&q->wake);
}

bool queue_put(struct queue *q, struct store_job *job)
{
    job->next = NULL;
    (void)pthread_mutex_lock(&q->lock);
    bool open = !q->closed;
    if (open) {
        if (q->first == NULL) {
            q->first = job;
        } else {
            q->last->next = job;
        }
        q->last = job;
    }
    /* Nobody waits: no call into the kernel. After the lock, so that nobody wakes only to wait. */
    bool wake = open && q->waiting;
    (void)pthread_mutex_unlock(&q->lock);
    if (wake) {
        (void)pthread_cond_signal(&q->wake);
    }
    return open;
}

struct store_job *queue_take(struct queue *q, uint32_t max)
{
    (void)pthread_mutex_lock(&q->lock);
    while (q->first == NULL && !q->closed) {
        q->waiting = true;
        (void)pthread_cond_wait(&q->wake, &q->lock);
        q->waiting = false;
    }
    struct store_job *first = q->first;
    struct store_job *last = first;
    for (uint32_t n = 1; last != NULL && n < max && last->next != NULL; n++) {
        last = last->next;
    }
    if (last != NULL) {
        q->first = last->next;
        last->next = NULL;
    }
    (void)pthread_mutex_unlock(&q->lock);
    return first;
}

void queue_close(struct queue *q)
{
    (void)pthread_mutex_lock(&q->lock);
    q->closed = true;
    (void)pthread_cond_broadcast(&q->wake);
    (void)pthread_mutex_unlock(&q->lock);
}
