#include "qr.h"

#include <stdlib.h>
#include <string.h>

#include <qrencode.h>

#include "common/buf.h"

enum {
    QUIET = 4
};

bool qr_make(const char *text, struct qr *out)
{
    QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);

    if (code == NULL) {
        return false;
    }
    out->size = code->width;
    out->cells = sl_alloc((size_t)code->width * (size_t)code->width);
    for (int i = 0; i < code->width * code->width; i++) {
        out->cells[i] = code->data[i] & 1;
    }
    QRcode_free(code);
    return true;
}

void qr_free(struct qr *qr)
{
    free(qr->cells);
    memset(qr, 0, sizeof(*qr));
}

void sl_auto_qr(struct qr *qr)
{
    qr_free(qr);
}

bool qr_dark(const struct qr *qr, int x, int y)
{
    return x >= 0 && y >= 0 && x < qr->size && y < qr->size && qr->cells[y * qr->size + x] != 0;
}

void qr_show(const struct qr *qr, FILE *to, int indent, bool color)
{
    /* By [upper is dark][lower is dark]: the blocks are the light modules. */
    static const char *const blocks[2][2] = {{"█", "▀"}, {"▄", " "}};

    for (int y = -QUIET; y < qr->size + QUIET; y += 2) {
        (void)fprintf(to, "%*s%s", indent, "", color ? "\033[40;97m" : "");
        for (int x = -QUIET; x < qr->size + QUIET; x++) {
            (void)fputs(blocks[qr_dark(qr, x, y)][qr_dark(qr, x, y + 1)], to);
        }
        (void)fprintf(to, "%s\n", color ? "\033[0m" : "");
    }
}
