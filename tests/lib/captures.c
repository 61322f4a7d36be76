#include "lib/captures.h"

static int digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

struct hex_octets octets_from_hex(const char *hex)
{
    struct hex_octets o = {0};
    int high = -1;
    for (; *hex != '\0' && o.len < sizeof o.at; hex++) {
        int d = digit(*hex);
        if (d >= 0 && high >= 0)
            o.at[o.len++] = (uint8_t)(high << 4 | d);
        if (d >= 0)
            high = high < 0 ? d : -1;
    }
    return o;
}
