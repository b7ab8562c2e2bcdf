#include "outbox/carrier.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/auto.h"

/* What email_by and text_by may say. */
static const struct way {
    const char *word;
    carrier_maker *email;
    carrier_maker *text;
} ways[] = {
    {"folder", carrier_folder_new, carrier_folder_new},
    {"notify", carrier_notify_new, carrier_notify_new},
    {"smtp", carrier_smtp_new, NULL},
};

enum {
    SECRET_MAX_BYTES = 1024
};

enum sl_code carrier_new(const struct carrier_setting *setting, bool text, struct carrier **out,
                         struct sl_err *err)
{
    const char *word = text ? setting->config->text_by : setting->config->email_by;

    *out = NULL;
    if (strcmp(word, "none") == 0) {
        return SL_OK;
    }
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        carrier_maker *make = text ? ways[i].text : ways[i].email;
        if (strcmp(ways[i].word, word) == 0 && make != NULL) {
            return make(setting, text, out, err);
        }
    }
    return sl_fail(err, SL_BAD_REQUEST, "%s: write none, folder%s or notify, not '%.20s'",
                   text ? "text_by" : "email_by", text ? "" : ", smtp", word);
}

void carrier_free(struct carrier *carrier)
{
    if (carrier != NULL) {
        carrier->kind->free(carrier);
    }
}

enum sl_code carrier_secret(const char *setting, const char *path, struct sl_buf *out,
                            struct sl_err *err)
{
    struct stat st;
    SL_AUTO(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0) {
        return errno == ENOENT ? sl_fail(err, SL_NOT_FOUND, "%s: no file %.90s", setting, path)
                               : sl_fail_errno(err, "%s %.80s", setting, path);
    }
    if (fstat(fd, &st) != 0) {
        return sl_fail_errno(err, "%s %.80s", setting, path);
    }
    if (!S_ISREG(st.st_mode) || st.st_size <= 0 || st.st_size > SECRET_MAX_BYTES) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %.80s has not one line of text", setting, path);
    }
    if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return sl_fail(err, SL_FORBIDDEN, "%s: others can use %.80s: chmod 600 it", setting, path);
    }
    sl_buf_reserve(out, SECRET_MAX_BYTES + 1);
    char *at = (char *)out->data + out->len;
    ssize_t n = read(fd, at, SECRET_MAX_BYTES);
    if (n < 0) {
        return sl_fail_errno(err, "%s %.80s", setting, path);
    }
    at[n] = '\0';
    size_t len = strcspn(at, "\r\n");
    if (len == 0 || (size_t)n > len + strspn(at + len, "\r\n")) {
        return sl_fail(err, SL_BAD_REQUEST, "%s: %.80s has not one line of text", setting, path);
    }
    out->len += len;
    return SL_OK;
}
