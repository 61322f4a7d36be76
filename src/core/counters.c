#include "nibdns/counters.h"

static void put_value(struct nib_writer *w, uint64_t value)
{
    nib_writer_text(w, NIB_TEXT(": "));
    nib_writer_decimal(w, value);
    nib_writer_u8(w, '\n');
}

/* What has not happened is left out, but for the first things that one looks for. */
static bool stands_always(const char *name)
{
    static const struct nib_text words[] = {{"received", 8}, {"answered", 8}, {"waiting", 7}};
    struct nib_text text = {name, strlen(name)};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (nib_text_same(text, words[i]))
            return true;
    return false;
}

void nib_counters_text(
    struct nib_writer *w, const char *const *names, const uint64_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (values[i] == 0 && !stands_always(names[i]))
            continue;
        nib_writer_word(w, names[i]);
        put_value(w, values[i]);
    }
}

void nib_counters_rules_text(struct nib_writer *w, const uint64_t *by_rule)
{
    for (int err = NIB_OK + 1; err < NIB_ERR_COUNT; err++) {
        if (by_rule[err] == 0)
            continue;
        nib_writer_word(w, "malformed_");
        nib_writer_word(w, nib_err_rule((enum nib_err)err));
        put_value(w, by_rule[err]);
    }
}
