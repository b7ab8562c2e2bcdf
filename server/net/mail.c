#include "net/mail.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "common/buf.h"
#include "net/tls.h"

struct net_frame *net_frame_new(char *take_text, size_t len)
{
    struct net_frame *frame = sl_alloc(sizeof *frame);
    atomic_init(&frame->refs, 1);
    frame->text = take_text;
    frame->len = len;
    return frame;
}

struct net_frame *net_frame_ref(struct net_frame *frame)
{
    atomic_fetch_add_explicit(&frame->refs, 1, memory_order_relaxed);
    return frame;
}

void net_frame_unref(struct net_frame *frame)
{
    if (frame != NULL && atomic_fetch_sub_explicit(&frame->refs, 1, memory_order_acq_rel) == 1) {
        free(frame->text);
        free(frame);
    }
}

void net_mailbox_init(struct net_mailbox *box)
{
    (void)pthread_mutex_init(&box->lock, NULL);
    box->first = NULL;
    box->last = &box->first;
}

void net_mailbox_fini(struct net_mailbox *box)
{
    struct net_mail *mail = net_mailbox_take(box);
    while (mail != NULL) {
        struct net_mail *next = mail->next;
        net_mail_free(mail);
        mail = next;
    }
    (void)pthread_mutex_destroy(&box->lock);
}

bool net_mailbox_put(struct net_mailbox *box, struct net_mail *take_mail)
{
    take_mail->next = NULL;
    (void)pthread_mutex_lock(&box->lock);
    bool was_empty = box->first == NULL;
    *box->last = take_mail;
    box->last = &take_mail->next;
    (void)pthread_mutex_unlock(&box->lock);
    return was_empty;
}

struct net_mail *net_mailbox_take(struct net_mailbox *box)
{
    (void)pthread_mutex_lock(&box->lock);
    struct net_mail *all = box->first;
    box->first = NULL;
    box->last = &box->first;
    (void)pthread_mutex_unlock(&box->lock);
    return all;
}

struct net_mail *net_mail_new(enum net_mail_kind kind, uint64_t conn)
{
    struct net_mail *mail = sl_alloc(sizeof *mail);
    mail->kind = kind;
    mail->conn = conn;
    return mail;
}

void net_mail_free(struct net_mail *mail)
{
    net_frame_unref(mail->frame);
    json_decref(mail->answer);
    net_tls_unref(mail->tls);
    free(mail);
}
