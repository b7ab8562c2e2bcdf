#include "editor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "file.h"

enum {
    MAX_TEXT_BYTES = 256 * 1024
};

extern char **environ;

static const char prefix[] = "sendline-edit-";

/* ---- The folder ---- */

static void wipe_folder(const char *dir)
{
    DIR *at = opendir(dir);

    for (struct dirent *file = at != NULL ? readdir(at) : NULL; file != NULL; file = readdir(at)) {
        if (strcmp(file->d_name, ".") != 0 && strcmp(file->d_name, "..") != 0) {
            SL_AUTO(str) char *path = file_join(dir, file->d_name);
            file_wipe(path);
        }
    }
    if (at != NULL) {
        (void)closedir(at);
    }
    (void)rmdir(dir);
}

/** What an editor left that was killed with us: folders whose process is gone. */
static void wipe_leftovers(const char *base)
{
    DIR *at = opendir(base);

    for (struct dirent *file = at != NULL ? readdir(at) : NULL; file != NULL; file = readdir(at)) {
        long pid;

        if (strncmp(file->d_name, prefix, sizeof(prefix) - 1) != 0) {
            continue;
        }
        pid = strtol(file->d_name + sizeof(prefix) - 1, NULL, 10);
        if (pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH) {
            SL_AUTO(str) char *path = file_join(base, file->d_name);
            struct stat about;

            if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode) && about.st_uid == geteuid()) {
                wipe_folder(path);
            }
        }
    }
    if (at != NULL) {
        (void)closedir(at);
    }
}

static int make_folder(char **dir, struct fault *fault)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    const char *base = runtime != NULL && access(runtime, W_OK) == 0 ? runtime : "/dev/shm";
    SL_AUTO(str) char *path = NULL;

    if (access(base, W_OK) != 0) {
        fault_set(fault, CLI_NOT_READY, "there is no place in memory for the editor's file.");
        return fault_next(fault, "Set XDG_RUNTIME_DIR, or write the message yourself: --file FILE");
    }
    wipe_leftovers(base);
    path = sl_strf("%s/%s%d-XXXXXX", base, prefix, (int)getpid());
    if (mkdtemp(path) == NULL) {
        return fault_set(fault, CLI_NOT_READY, "cannot make a folder in %.200s: %s.", base,
                         strerror(errno));
    }
    *dir = sl_steal(&path);
    return CLI_OK;
}

/** Words as a text file has them: with a line end behind the last. */
static int write_text(const char *file, const struct sl_buf *text, struct fault *fault)
{
    SL_AUTO(fd) int fd = open(file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd < 0 || (text->len > 0 && (write(fd, text->data, text->len) != (ssize_t)text->len ||
                                     write(fd, "\n", 1) != 1))) {
        return fault_set(fault, CLI_NOT_READY, "cannot write %.300s: %s.", file, strerror(errno));
    }
    return CLI_OK;
}

/* ---- The editor ---- */

static bool begin(const char *command, const char *file, const sigset_t *mask, pid_t *child)
{
    /* No shell stays between us and the editor, so that it hears what it is told; env knows
     * settings that stand before a command. */
    SL_AUTO(str) char *script = sl_strf("exec env %s \"$1\"", command);
    SL_AUTO(str) char *path = sl_strdup(file);
    char sh[] = "sh";
    char c[] = "-c";
    char *argv[] = {sh, c, script, sh, path, NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t defaults;
    int failed;

    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGINT);
    (void)sigaddset(&defaults, SIGQUIT);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setsigmask(&attributes, mask);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    /* The person is at the terminal, wherever input and results go. */
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/tty", O_RDONLY, 0);
    (void)posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/tty", O_WRONLY, 0);
    failed = posix_spawn(child, "/bin/sh", &files, &attributes, argv, environ);
    (void)posix_spawn_file_actions_destroy(&files);
    (void)posix_spawnattr_destroy(&attributes);
    return failed == 0;
}

/** Wait for the editor; who is told to stop passes it on. @return false: we were told to stop */
static bool wait_for(pid_t child, const sigset_t *ours, int *status)
{
    bool go_on = true;

    for (;;) {
        siginfo_t info;
        int number = sigwaitinfo(ours, &info);

        if (number == SIGTERM || number == SIGHUP) {
            go_on = false;
            (void)kill(child, number);
        }
        if (waitpid(child, status, WNOHANG) != 0) {
            return go_on;
        }
    }
}

static int run(const char *command, const char *file, struct fault *fault)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction was_int;
    struct sigaction was_quit;
    sigset_t ours;
    sigset_t was;
    pid_t child = 0;
    int status = 0;
    bool begun;
    bool go_on = true;

    (void)sigemptyset(&ours);
    (void)sigaddset(&ours, SIGCHLD);
    (void)sigaddset(&ours, SIGTERM);
    (void)sigaddset(&ours, SIGHUP);
    (void)sigprocmask(SIG_BLOCK, &ours, &was);
    /* Ctrl-C is the editor's while it runs. */
    (void)sigaction(SIGINT, &ignore, &was_int);
    (void)sigaction(SIGQUIT, &ignore, &was_quit);
    begun = begin(command, file, &was, &child);
    if (begun) {
        go_on = wait_for(child, &ours, &status);
    }
    if (!go_on) {
        /* Once is enough: a terminal that closes says so more than once, and what was typed is
         * still to be kept. */
        (void)sigaction(SIGTERM, &ignore, NULL);
        (void)sigaction(SIGHUP, &ignore, NULL);
    }
    (void)sigaction(SIGINT, &was_int, NULL);
    (void)sigaction(SIGQUIT, &was_quit, NULL);
    (void)sigprocmask(SIG_SETMASK, &was, NULL);
    if (!go_on) {
        return fault_set(fault, CLI_NOT_READY, "we were told to stop. Nothing was sent.");
    }
    if (!begun || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fault_set(fault, CLI_NOT_READY, "the editor '%.100s' did not end well. Nothing was sent.",
                  command);
        return fault_next(fault, "To use another: SENDLINE_EDITOR=nano sendline reply …");
    }
    return CLI_OK;
}

static const char *choose(const char *command)
{
    const char *names[] = {"VISUAL", "EDITOR"};

    for (size_t i = 0; command == NULL && i < 2; i++) {
        const char *value = getenv(names[i]);

        command = value != NULL && value[0] != '\0' ? value : NULL;
    }
    return command != NULL ? command : "vi";
}

/** What is in the file now takes the place of the text, however the editor ended. */
static int read_back(const char *file, struct sl_buf *text, int ended, struct fault *fault)
{
    struct sl_buf saved = {0};
    struct fault reading = {0};
    int rc = file_read(file, MAX_TEXT_BYTES, &saved, &reading);

    if (rc != CLI_OK) {
        sl_buf_wipe_free(&saved);
        if (ended == CLI_OK) {
            *fault = reading;
        }
        return ended == CLI_OK ? rc : ended;
    }
    sl_buf_wipe_free(text);
    *text = saved;
    return ended;
}

int editor_run(const char *command, struct sl_buf *text, struct fault *fault)
{
    SL_AUTO(str) char *dir = NULL;
    SL_AUTO(str) char *file = NULL;
    int rc = make_folder(&dir, fault);

    if (rc != CLI_OK || dir == NULL) {
        return rc;
    }
    file = sl_strf("%s/message.txt", dir);
    rc = write_text(file, text, fault);
    if (rc == CLI_OK) {
        rc = run(choose(command), file, fault);
        rc = read_back(file, text, rc, fault);
    }
    wipe_folder(dir);
    return rc;
}
