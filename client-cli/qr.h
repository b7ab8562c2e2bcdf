/*
 * QR codes: made, and shown with half blocks on a terminal. Pure.
 */
#ifndef SENDLINE_CLI_QR_H
#define SENDLINE_CLI_QR_H

#include <stdbool.h>
#include <stdio.h>

struct qr {
    int size;             /**< modules along an edge, without the quiet border */
    unsigned char *cells; /**< owned; size × size; not 0 is dark */
};

/** A code of this text. False: it is too long for one. */
bool qr_make(const char *text, struct qr *out);
void qr_free(struct qr *qr);
void sl_auto_qr(struct qr *qr);
bool qr_dark(const struct qr *qr, int x, int y); /**< outside of it all is light */

/**
 * Two rows of modules to a line, with the border of four that readers need. With colours it is
 * dark on light on every terminal; without, it is right where letters are lighter than their
 * ground.
 */
void qr_show(const struct qr *qr, FILE *to, int indent, bool color);

#endif
