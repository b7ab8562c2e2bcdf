#include <string.h>

#include "net/loop.h"

void net_cookie(const char *header, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);

    out[0] = '\0';
    while (*header != '\0') {
        header += strspn(header, "; \t");
        size_t len = strcspn(header, ";");
        if (len > name_len && header[name_len] == '=' && memcmp(header, name, name_len) == 0) {
            size_t value_len = len - name_len - 1;
            if (value_len < size) {
                memcpy(out, header + name_len + 1, value_len);
                out[value_len] = '\0';
            }
            return;
        }
        header += len;
    }
}
