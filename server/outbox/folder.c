/*
 * Notices as files, for whoever tries the service out: a mail as it would go over the wire, a text
 * as it would be read. Sent again it is the same file.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/text.h"
#include "outbox/carrier.h"

/** Thread: the worker. */
struct folder {
    struct carrier carrier;
    struct carrier_setting setting;
    int dir_fd;
};

static bool write_whole(int fd, const struct sl_buf *data)
{
    size_t at = 0;

    while (at < data->len) {
        ssize_t n = write(fd, data->data + at, data->len - at);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += n < 0 ? 0 : (size_t)n;
    }
    return true;
}

/* Whole or not at all: whoever looks into the folder sees no half of one. */
static bool put_file(int dir_fd, const char *name, const struct sl_buf *data)
{
    SL_AUTO(str) char *part = sl_strf(".%s.part", name);
    SL_AUTO(fd)
    int fd = openat(dir_fd, part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    if (fd >= 0 && write_whole(fd, data) && renameat(dir_fd, part, dir_fd, name) == 0) {
        return true;
    }
    int sys = errno;
    (void)unlinkat(dir_fd, part, 0);
    errno = sys;
    return false;
}

static char *name_of(const struct mail *mail)
{
    SL_AUTO(str) char *id = sl_hex(mail->id, sizeof mail->id);
    struct tm tm = {0};
    time_t at = (time_t)mail->made_at;
    char when[32];

    (void)gmtime_r(&at, &tm);
    (void)strftime(when, sizeof when, "%Y-%m-%dT%H-%M-%SZ", &tm);
    return sl_strf("%s-%s-%.8s.%s", when, notice_name(mail->kind), id,
                   mail->html == NULL ? "txt" : "eml");
}

static enum carrier_answer folder_send(struct carrier *carrier, const struct mail *mail,
                                       char reason[CARRIER_REASON_SIZE])
{
    struct folder *folder = (struct folder *)(void *)carrier;
    const struct config *config = folder->setting.config;
    SL_AUTO(str) char *name = name_of(mail);
    SL_AUTO(buf) struct sl_buf data = {0};

    if (mail->html == NULL) {
        sl_buf_putf(&data, "To: %s\n\n%s\n", mail->to, mail->text);
    } else {
        words_compose(mail, config->mail_from[0] == '\0' ? "notices@localhost" : config->mail_from,
                      config->council_name, sl_now_s(folder->setting.clock), &data);
    }
    if (!put_file(folder->dir_fd, name, &data)) {
        (void)snprintf(reason, CARRIER_REASON_SIZE, "folder: %s", strerrordesc_np(errno));
        return CARRIER_DOWN;
    }
    return CARRIER_SENT;
}

static void folder_free(struct carrier *carrier)
{
    struct folder *folder = (struct folder *)(void *)carrier;

    if (folder->dir_fd >= 0) {
        (void)close(folder->dir_fd);
    }
    free(folder);
}

static const struct carrier_kind folder_kind = {"folder", folder_send, folder_free};

enum sl_code carrier_folder_new(const struct carrier_setting *setting, bool text,
                                struct carrier **out, struct sl_err *err)
{
    const char *path = setting->config->notices_folder;

    (void)text;
    if (path[0] == '\0') {
        return sl_fail(err, SL_BAD_REQUEST, "notices_folder: which folder do notices go to?");
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return sl_fail_errno(err, "notices_folder %.80s", path);
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return sl_fail_errno(err, "notices_folder %.80s", path);
    }
    struct folder *folder = sl_alloc(sizeof *folder);
    *folder = (struct folder){.carrier = {.kind = &folder_kind}, .setting = *setting, .dir_fd = fd};
    *out = &folder->carrier;
    return SL_OK;
}
