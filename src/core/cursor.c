#include "nibdns/cursor.h"

void nib_writer_decimal(struct nib_writer *w, uint64_t number)
{
    char digits[20];
    size_t n = sizeof digits;
    do
        digits[--n] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    nib_writer_octets(w, digits + n, sizeof digits - n);
}

void nib_writer_hex(struct nib_writer *w, uint64_t number, int digits)
{
    for (int shift = 60; shift >= 0; shift -= 4)
        if (shift < 4 * digits || number >> shift != 0)
            nib_writer_u8(w, (uint8_t) "0123456789abcdef"[number >> shift & 15]);
}

void nib_writer_escaped(struct nib_writer *w, struct nib_text text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = (uint8_t)text.ptr[i];
        if (c >= 0x20 && c < 0x7f && c != '\\') {
            nib_writer_u8(w, c);
            continue;
        }
        const uint8_t escape[4] = {
            '\\', (uint8_t)('0' + c / 100), (uint8_t)('0' + c / 10 % 10), (uint8_t)('0' + c % 10)};
        nib_writer_octets(w, escape, sizeof escape);
    }
}
