/* The settings file: whatever it holds, it is taken or refused by name, and what was taken prints
 * and reads back the same. */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char *print(const struct config *config, size_t *len)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, len);

    assert(out != NULL);
    config_print(config, out);
    assert(fclose(out) == 0);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct config *config = config_defaults();
    struct sl_err err = {.code = SL_OK};

    enum sl_code rc = config_read_text(config, "fuzz", (const char *)data, size, &err);
    if (rc != SL_OK) {
        assert(rc == SL_BAD_REQUEST && err.code == rc && strncmp(err.detail, "fuzz:", 5) == 0);
    } else {
        struct config *again = config_defaults();
        size_t len = 0;
        size_t len_again = 0;
        char *text = print(config, &len);
        assert(config_read_text(again, "fuzz", text, len, &err) == SL_OK);
        char *text_again = print(again, &len_again);
        assert(len == len_again && memcmp(text, text_again, len) == 0);
        free(text);
        free(text_again);
        config_free(again);
    }
    config_free(config);
    return 0;
}
