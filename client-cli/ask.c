#include "ask.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/text.h"
#include "file.h"

enum {
    LINE_MAX_BYTES = 1024
};

static int open_terminal(void)
{
    return open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

bool ask_possible(bool no_input)
{
    SL_AUTO(fd) int fd = no_input ? -1 : open_terminal();

    return fd >= 0;
}

/** Names of people and cases are in questions: they get no say over the terminal. */
static void say(int fd, const char *words)
{
    SL_AUTO(str) char *clean = sl_clean(words, strlen(words));
    const char *text = clean;
    size_t left = strlen(text);

    while (left > 0) {
        ssize_t n = write(fd, text, left);

        if (n <= 0) {
            return;
        }
        text += n;
        left -= (size_t)n;
    }
}

/** Read to the end of the line. @return false when the terminal went away or the line is too long
 */
static bool read_line(int fd, struct sl_buf *out)
{
    for (;;) {
        char c;
        ssize_t n = read(fd, &c, 1);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0 || out->len >= LINE_MAX_BYTES) {
            return false;
        }
        if (c == '\n') {
            sl_buf_put_u8(out, 0);
            out->len--;
            return true;
        }
        if (c != '\r') {
            sl_buf_put_u8(out, (uint8_t)c);
        }
    }
}

static int nobody(struct fault *fault, const char *what, const char *flag)
{
    fault_set(fault, CLI_USAGE, "%s", what);
    fault_next(fault, "%s", flag);
    return CLI_USAGE;
}

int ask_secret(const char *prompt, bool no_input, struct sl_buf *out, struct fault *fault)
{
    SL_AUTO(fd) int fd = no_input ? -1 : open_terminal();
    struct termios before;
    struct termios quiet;
    sigset_t held;
    sigset_t was;
    bool ok;

    if (fd < 0 || tcgetattr(fd, &before) != 0) {
        return nobody(fault, "the password of your key is needed, and there is nobody to ask.",
                      "Use --password-file FILE, or run 'sendline unlock' first.");
    }
    /* Ctrl-C waits until the terminal shows typing again. */
    (void)sigemptyset(&held);
    (void)sigaddset(&held, SIGTSTP);
    (void)sigprocmask(SIG_BLOCK, &held, &was);
    quiet = before;
    quiet.c_lflag &= (tcflag_t) ~(ECHO | ISIG);
    quiet.c_lflag |= ICANON;
    (void)tcsetattr(fd, TCSAFLUSH, &quiet);
    say(fd, prompt);
    ok = read_line(fd, out);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    say(fd, "\n");
    (void)sigprocmask(SIG_SETMASK, &was, NULL);
    /* With signals off, Ctrl-C arrives as a character. */
    if (!ok || memchr(out->data, 3, out->len) != NULL) {
        return fault_set(fault, CLI_USAGE, "stopped. Nothing was changed.");
    }
    return CLI_OK;
}

int ask_secret_file(const char *path, struct sl_buf *out, struct fault *fault)
{
    int rc = file_read(path, LINE_MAX_BYTES, out, fault);
    uint8_t *end;

    if (rc != CLI_OK) {
        return rc;
    }
    sl_buf_put_u8(out, '\n');
    end = memchr(out->data, '\n', out->len);
    if (end > out->data && end[-1] == '\r') {
        end--;
    }
    *end = 0;
    out->len = (size_t)(end - out->data);
    if (out->len == 0) {
        return fault_set(fault, CLI_NOT_READY, "there is no password in %.300s.", path);
    }
    return CLI_OK;
}

int ask_line(const char *prompt, const char *fallback, bool no_input, char **out,
             struct fault *fault)
{
    SL_AUTO(fd) int fd = no_input ? -1 : open_terminal();
    SL_AUTO(secret) struct sl_buf line = {0};
    char *start;

    if (fd < 0) {
        return nobody(fault, "this command has questions, and there is nobody to ask.",
                      "Give the answers in a file: --from FILE");
    }
    say(fd, prompt);
    if (!read_line(fd, &line)) {
        say(fd, "\n");
        return fault_set(fault, CLI_USAGE, "stopped. Nothing was changed.");
    }
    start = (char *)line.data;
    while (isspace((unsigned char)*start) != 0) {
        start++;
    }
    for (char *end = start + strlen(start); end > start && isspace((unsigned char)end[-1]) != 0;
         end--) {
        end[-1] = '\0';
    }
    *out = sl_strdup(*start == '\0' && fallback != NULL ? fallback : start);
    return CLI_OK;
}

int ask_letter(const char *prompt, const char *letters, const char *flag, bool no_input, char *out,
               struct fault *fault)
{
    if (!ask_possible(no_input)) {
        return nobody(fault, "this needs an answer from a person.", flag);
    }
    for (;;) {
        SL_AUTO(str) char *line = NULL;
        int rc = ask_line(prompt, "", no_input, &line, fault);
        char c;

        if (rc != CLI_OK || line == NULL) {
            return rc;
        }
        c = line[0] == '\0' ? letters[strlen(letters) - 1] : (char)tolower((unsigned char)line[0]);
        if (strchr(letters, c) != NULL) {
            *out = c;
            return CLI_OK;
        }
    }
}

int ask_yes(const char *question, const char *flag, bool no_input, bool *yes, struct fault *fault)
{
    SL_AUTO(str) char *prompt = sl_strf("%s [y/N]: ", question);
    char letter = 'n';
    int rc = ask_letter(prompt, "yn", flag, no_input, &letter, fault);

    *yes = letter == 'y';
    return rc;
}
