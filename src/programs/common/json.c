#include "common/json.h"

static void begin(struct nib_writer *w, const char *key)
{
    uint8_t last = w->off == 0 ? '[' : w->octets[w->off - 1];
    if (last != '[' && last != '{')
        nib_writer_u8(w, ',');
    if (key == NULL)
        return;
    nib_writer_u8(w, '"');
    nib_writer_word(w, key);
    nib_writer_word(w, "\":");
}

void json_open(struct nib_writer *w, const char *key, char bracket)
{
    begin(w, key);
    nib_writer_u8(w, (uint8_t)bracket);
}

void json_close(struct nib_writer *w, char bracket)
{
    nib_writer_u8(w, (uint8_t)bracket);
}

void json_text(struct nib_writer *w, const char *key, struct nib_text text)
{
    begin(w, key);
    nib_writer_u8(w, '"');
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if (c == '"' || c == '\\')
            nib_writer_u8(w, '\\');
        if (c == '\n')
            nib_writer_word(w, "\\n");
        else if (c >= 0x20 && c < 0x7f)
            nib_writer_u8(w, c);
        else {
            nib_writer_word(w, "\\u00");
            nib_writer_hex(w, c, 2);
        }
    }
    nib_writer_u8(w, '"');
}

void json_word(struct nib_writer *w, const char *key, const char *word)
{
    json_text(w, key, (struct nib_text){word, strlen(word)});
}

void json_number(struct nib_writer *w, const char *key, int64_t number)
{
    begin(w, key);
    if (number < 0)
        nib_writer_u8(w, '-');
    nib_writer_decimal(w, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void json_flag(struct nib_writer *w, const char *key, bool flag)
{
    begin(w, key);
    nib_writer_word(w, flag ? "true" : "false");
}

void json_null(struct nib_writer *w, const char *key)
{
    begin(w, key);
    nib_writer_word(w, "null");
}

void json_fixed(struct nib_writer *w, const char *key, int64_t value, int decimals)
{
    uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value, unit = 1;
    for (int i = 0; i < decimals; i++)
        unit *= 10;
    begin(w, key);
    if (value < 0)
        nib_writer_u8(w, '-');
    nib_writer_decimal(w, size / unit);
    if (decimals > 0)
        nib_writer_u8(w, '.');
    for (uint64_t part = size % unit; decimals > 0; decimals--) {
        unit /= 10;
        nib_writer_u8(w, (uint8_t)('0' + part / unit));
        part %= unit;
    }
}
