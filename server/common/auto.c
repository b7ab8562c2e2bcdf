#include "common/auto.h"

#include <stdlib.h>
#include <unistd.h>

void sl_auto_str(char **at)
{
    free(*at);
}

void sl_auto_fd(int *at)
{
    if (*at >= 0) {
        (void)close(*at);
    }
}

void sl_auto_file(FILE **at)
{
    if (*at != NULL) {
        (void)fclose(*at);
    }
}

void sl_auto_json(json_t **at)
{
    json_decref(*at);
}
