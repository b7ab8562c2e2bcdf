/*
 * How an entry of a conversation is told: on a screen, in one line, as JSON. Thread: main.
 */
#ifndef SENDLINE_CLI_ITEM_H
#define SENDLINE_CLI_ITEM_H

#include "convo.h"
#include "out.h"

/** Is it for eyes? Keys, titles and take-backs are machinery, for `all`; reading marks show beside
 * the messages that were read. */
bool item_is_visible(const struct e2_item *item, bool all);
/** Something of the family's to read, as the service counts what is new. */
bool item_is_news(const struct e2_item *item);

/** Who it is from: "You", the parent's name, a colleague's; "-" for a warning. One line; owned. */
char *item_who(const struct convo *convo, const struct e2_item *item);
/** What it says: the words of a message, or a sentence about what happened. As it was typed, so
 * print it with layout_wrap or through layout_line. Owned. */
char *item_text(const struct convo *convo, const struct e2_item *item);

/** As a part of a page: who and when over the words, or one line for what is no message.
 * @param numbers own messages show the number to take them back by */
void item_print(struct out *out, const struct convo *convo, const struct e2_item *item,
                bool numbers);
json_t *item_json(const struct convo *convo, const struct e2_item *item);

#endif
