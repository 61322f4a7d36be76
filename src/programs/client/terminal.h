/*
 * Layer 7: the terminal that the prompt is edited at: its keys as they are pressed, its width.
 */
#ifndef NIBDNS_PROGRAMS_CLIENT_TERMINAL_H
#define NIBDNS_PROGRAMS_CLIENT_TERMINAL_H

#include <stdbool.h>
#include <stddef.h>

/* Keys that are no octet of the text and no control character. */
enum terminal_key {
    KEY_END_OF_INPUT = 256,
    KEY_UP,
    KEY_DOWN,
    KEY_RIGHT,
    KEY_LEFT,
    KEY_HOME,
    KEY_END,
    KEY_DELETE,
    KEY_NONE, /* one that means nothing here */
};

/* Whether standard input and output are a terminal that can move its cursor. */
bool terminal_can_edit(void);

/*
 * From here on each key comes by itself and shows nothing, until terminal_restore(). Signals stay
 * as they are: Ctrl-C ends, Ctrl-Z stops. False when the terminal refuses.
 */
bool terminal_take(void);

/* The terminal as it was, also from a handler of a signal that ends the program. */
void terminal_restore(void);

/* The next key: an octet, or one of the above. */
int terminal_key(void);

/* Columns of a line, at least 20. */
size_t terminal_columns(void);

#endif
