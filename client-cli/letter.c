#include "letter.h"

#include <cairo-pdf.h>
#include <pango/pangocairo.h>

#include "when.h"

#ifdef SENDLINE_SANITIZED
/* The library that finds fonts keeps a few hundred bytes for ever, whatever is done. */
const char *__lsan_default_options(void);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
const char *__lsan_default_suppressions(void)
{
    return "leak:libfontconfig";
}
#endif

/* All lengths are points of 1/72 inch; the page is A4. */
static const double page_width = 595.0;
static const double page_height = 842.0;
static const double margin = 62.0;
static const double qr_edge = 150.0;

enum {
    /* The UK Association for Accessible Formats: large print is 16 points or more. */
    TEXT_POINTS = 16,
    HEAD_POINTS = 24,
    MAX_LINES = 3
};

struct page {
    cairo_t *cairo;
    PangoContext *fonts;
    double y; /**< the next line's top */
};

static cairo_status_t put(void *ctx, const unsigned char *data, unsigned int len)
{
    sl_buf_put(ctx, data, len);
    return CAIRO_STATUS_SUCCESS;
}

/** A paragraph, and the space under it. */
static void paragraph(struct page *page, const char *text, const char *font, int points,
                      double width, double space)
{
    PangoLayout *layout = pango_layout_new(page->fonts);
    PangoFontDescription *description = pango_font_description_from_string(font);
    int height = 0;

    pango_font_description_set_absolute_size(description, points * PANGO_SCALE);
    pango_layout_set_font_description(layout, description);
    pango_layout_set_width(layout, (int)(width * PANGO_SCALE));
    pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR);
    /* However long a name is, the rest stays on the page. */
    pango_layout_set_height(layout, -MAX_LINES);
    pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END);
    pango_layout_set_line_spacing(layout, 1.15F);
    pango_layout_set_text(layout, text, -1);
    cairo_move_to(page->cairo, margin, page->y);
    pango_cairo_show_layout(page->cairo, layout);
    pango_layout_get_pixel_size(layout, NULL, &height);
    page->y += height + space;
    pango_font_description_free(description);
    g_object_unref(layout);
}

static void text(struct page *page, const char *words)
{
    paragraph(page, words, "Sans", TEXT_POINTS, page_width - 2 * margin, 10);
}

static void typed(struct page *page, const char *words)
{
    paragraph(page, words, "Monospace Bold", TEXT_POINTS, page_width - 2 * margin, 10);
}

static void draw_qr(struct page *page, const struct qr *qr)
{
    const double module = qr_edge / qr->size;

    for (int y = 0; y < qr->size; y++) {
        for (int x = 0; x < qr->size; x++) {
            if (qr_dark(qr, x, y)) {
                cairo_rectangle(page->cairo, margin + x * module, page->y + y * module, module,
                                module);
            }
        }
    }
    /* Edges that are smoothed one by one leave fine light lines between modules. */
    cairo_set_antialias(page->cairo, CAIRO_ANTIALIAS_NONE);
    cairo_fill(page->cairo);
    cairo_set_antialias(page->cairo, CAIRO_ANTIALIAS_DEFAULT);
    page->y += qr_edge + 12;
}

static void draw(struct page *page, const struct letter *letter, const struct qr *qr)
{
    char today[WHEN_TEXT];
    char until[WHEN_TEXT];
    SL_AUTO(str)
    char *greeting = sl_strf("Dear %s", letter->parent);
    SL_AUTO(str)
    char *lead = sl_strf("%s invites you to write to us in private, with your phone or a computer.",
                         letter->caseworker);
    SL_AUTO(str) char *paper = sl_strf("%s/accept", letter->public_url);

    when_long_day(letter->now_s, today);
    when_long_day(letter->expires_at, until);
    SL_AUTO(str)
    char *end = sl_strf("This invitation works once, until %s. Keep it to yourself.", until);
    SL_AUTO(str)
    char *help = sl_strf("Do you need help, or did you not expect this letter? Ring us on %s.",
                         letter->helpline);

    if (letter->council[0] != '\0') {
        paragraph(page, letter->council, "Sans Bold", TEXT_POINTS, page_width - 2 * margin, 2);
    }
    text(page, today);
    paragraph(page, "Your invitation to Sendline", "Sans Bold", HEAD_POINTS,
              page_width - 2 * margin, 12);
    text(page, greeting);
    text(page, lead);
    text(page, "1. Point the camera of your phone at this square.");
    draw_qr(page, qr);
    text(page, "No camera? Go to this address, and type in the letters and numbers under it:");
    typed(page, paper);
    typed(page, letter->typed);
    text(page,
         "2. Type the code of 12 digits. It is not in this letter: you get it another way, on "
         "the telephone, in person or in a second letter.");
    text(page, "3. Choose a password.");
    text(page, end);
    if (letter->helpline[0] != '\0') {
        text(page, help);
    }
}

int letter_make(const struct letter *letter, const struct qr *qr, struct sl_buf *pdf,
                struct fault *fault)
{
    cairo_surface_t *surface =
        cairo_pdf_surface_create_for_stream(put, pdf, page_width, page_height);
    /* A map of its own, and not the library's, which is kept for ever. */
    PangoFontMap *map = pango_cairo_font_map_new();
    struct page page = {
        .cairo = cairo_create(surface), .fonts = pango_font_map_create_context(map), .y = margin};
    cairo_status_t status;

    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
                                   "Your invitation to Sendline");
    pango_cairo_update_context(page.cairo, page.fonts);
    draw(&page, letter, qr);
    cairo_show_page(page.cairo);
    cairo_destroy(page.cairo);
    cairo_surface_finish(surface);
    status = cairo_surface_status(surface);
    cairo_surface_destroy(surface);
    g_object_unref(page.fonts);
    g_object_unref(map);
    if (status != CAIRO_STATUS_SUCCESS || page.y > page_height - margin / 2) {
        return fault_set(fault, CLI_UNPLANNED, "the letter cannot be made: %s.",
                         status != CAIRO_STATUS_SUCCESS ? cairo_status_to_string(status)
                                                        : "it is longer than a page");
    }
    return CLI_OK;
}
