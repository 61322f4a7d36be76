#include "common/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/address.h"
#include "common/complain.h"

void option_wrong(const struct option_use *use, const char *format, ...)
{
    char begin[SHOWN_MAX * 8];
    va_list args;
    (void)snprintf(begin, sizeof begin, "%s: --%s '%s' ", use->program, use->row->name,
        shown_word(use->text).text);
    va_start(args, format);
    usage_error_va(begin, format, args);
}

static void store(const struct option_use *use, int64_t value)
{
    switch (use->row->size) {
    case 1:
        memcpy(use->field, &(uint8_t){(uint8_t)value}, 1);
        break;
    case 2:
        memcpy(use->field, &(uint16_t){(uint16_t)value}, 2);
        break;
    case 4:
        memcpy(use->field, &(uint32_t){(uint32_t)value}, 4);
        break;
    case 8:
        memcpy(use->field, &value, 8);
        break;
    default:
        abort();
    }
}

void option_take_constant(const struct option_use *use)
{
    store(use, use->row->min);
}

void option_take_text(const struct option_use *use)
{
    memcpy(use->field, &use->text, sizeof use->text);
}

int64_t option_whole(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    errno = 0;
    int64_t value = strtoll(text, NULL, 10);
    return digits == 0 || text[digits] != '\0' || errno != 0 ? -1 : value;
}

void option_take_number(const struct option_use *use)
{
    int64_t value = option_whole(use->text);
    if (value < use->row->min || value > use->row->max)
        option_wrong(use, "is no whole number from %lld to %lld; give one",
            (long long)use->row->min, (long long)use->row->max);
    store(use, value);
}

int64_t option_decimal(const char **text)
{
    int64_t whole = 0, part = 0, unit = 1000000;
    size_t digits = 0;
    for (; **text >= '0' && **text <= '9' && whole <= 1000000000; (*text)++, digits++)
        whole = whole * 10 + (**text - '0');
    if (**text == '.')
        for ((*text)++; **text >= '0' && **text <= '9'; (*text)++, digits++) {
            unit /= 10;
            part += (**text - '0') * unit;
        }
    return digits == 0 ? -1 : whole * 1000000 + part;
}

void option_take_decimal(const struct option_use *use)
{
    const char *end = use->text;
    int64_t value = option_decimal(&end);
    if (*end != '\0' || value < use->row->min || value > use->row->max)
        option_wrong(use, "is no number from %.10g to %.10g; give one, such as 3 or 0.5",
            (double)use->row->min / 1e6, (double)use->row->max / 1e6);
    store(use, value);
}

void option_take_addr(const struct option_use *use)
{
    struct nib_addr addr;
    const char *why = address_parse(use->text, (uint16_t)use->row->min, &addr);
    if (why != NULL)
        option_wrong(use, "%s", why);
    memcpy(use->field, &addr, sizeof addr);
}

void option_take_peer(const struct option_use *use)
{
    struct nib_addr *addr = use->field;
    option_take_addr(use);
    if (addr->port == 0 && use->row->min != 0)
        option_wrong(use, "has port 0; give one from 1 to 65535");
    address_to_ask(addr);
}
