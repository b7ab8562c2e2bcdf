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

/** The one thing that a signal handler needs to know: what to remove. Set while the editor runs. */
static char wipe_file[4096];
static char wipe_dir[4096];

static void on_stop(int number)
{
    (void)unlink(wipe_file);
    (void)rmdir(wipe_dir);
    (void)signal(number, SIG_DFL);
    (void)raise(number);
}

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

static int run(const char *command, const char *file, struct fault *fault)
{
    SL_AUTO(str) char *script = sl_strf("%s \"$1\"", command);
    char sh[] = "sh";
    char c[] = "-c";
    SL_AUTO(str) char *path = sl_strdup(file);
    char *argv[] = {sh, c, script, sh, path, NULL};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction stop = {.sa_handler = on_stop};
    struct sigaction was[4];
    static const int numbers[4] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t child = 0;
    int status = 0;
    int failed;

    (void)sigemptyset(&defaults);
    for (int i = 0; i < 4; i++) {
        (void)sigaddset(&defaults, numbers[i]);
        /* Ctrl-C is the editor's while it runs; being told to stop is ours. */
        (void)sigaction(numbers[i], i < 2 ? &ignore : &stop, &was[i]);
    }
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigdefault(&attributes, &defaults);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    failed = posix_spawn(&child, "/bin/sh", NULL, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    while (failed == 0 && waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    for (int i = 0; i < 4; i++) {
        (void)sigaction(numbers[i], &was[i], NULL);
    }
    if (failed != 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fault_set(fault, CLI_NOT_READY, "the editor '%.100s' did not end well. Nothing was sent.",
                  command);
        return fault_next(fault,
                          "Set another: SENDLINE_EDITOR=nano sendline …, or use --file FILE");
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

int editor_run(const char *command, struct sl_buf *text, struct fault *fault)
{
    SL_AUTO(str) char *dir = NULL;
    SL_AUTO(str) char *file = NULL;
    int rc = make_folder(&dir, fault);
    FILE *to;

    if (rc != CLI_OK) {
        return rc;
    }
    file = sl_strf("%s/message.txt", dir);
    (void)snprintf(wipe_file, sizeof(wipe_file), "%s", file);
    (void)snprintf(wipe_dir, sizeof(wipe_dir), "%s", dir);
    to = fopen(file, "wxe");
    if (to == NULL || fchmod(fileno(to), 0600) != 0 ||
        fwrite(text->data, 1, text->len, to) != text->len) {
        rc = fault_set(fault, CLI_NOT_READY, "cannot write %.300s: %s.", file, strerror(errno));
    }
    if (to != NULL && fclose(to) != 0 && rc == CLI_OK) {
        rc = fault_set(fault, CLI_NOT_READY, "cannot write %.300s: %s.", file, strerror(errno));
    }
    if (rc == CLI_OK) {
        rc = run(choose(command), file, fault);
    }
    if (rc == CLI_OK) {
        sl_buf_wipe_free(text);
        rc = file_read(file, MAX_TEXT_BYTES, text, fault);
    }
    wipe_folder(dir);
    wipe_file[0] = '\0';
    wipe_dir[0] = '\0';
    return rc;
}
