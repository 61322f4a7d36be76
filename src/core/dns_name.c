#include "nibdns/dns.h"
#include "nibdns/name.h"

size_t nib_dns_name_text(const struct nib_dns_name *name, char out[NIB_NAME_MAX])
{
    char text[NIB_DNS_NAME_MAX];
    size_t len = 0, bad;
    for (size_t i = 0; name->octets[i] > 0; i += 1u + name->octets[i]) {
        if (len > 0)
            text[len++] = '.';
        for (size_t j = 1; j <= name->octets[i]; j++) {
            if (name->octets[i + j] == '.') /* it would become two labels */
                return 0;
            text[len++] = (char)name->octets[i + j];
        }
    }
    if (nib_name_check((struct nib_text){text, len}, &bad) != NIB_OK)
        return 0;
    memcpy(out, text, len);
    return len;
}

struct nib_dns_name nib_dns_name_of(struct nib_text name)
{
    struct nib_dns_name out = {.len = (uint8_t)(name.len + 2)};
    size_t label = 0; /* where the length of the label under the scan goes */
    for (size_t i = 0; i < name.len; i++) {
        if (name.ptr[i] == '.') {
            out.octets[label] = (uint8_t)(i - label);
            label = i + 1;
        } else {
            out.octets[i + 1] = (uint8_t)name.ptr[i];
        }
    }
    out.octets[label] = (uint8_t)(name.len - label);
    return out;
}

static unsigned lower(unsigned c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* Lengths of labels are below 'A', so they can be compared as the letters are. */
bool nib_dns_name_equal(const struct nib_dns_name *a, const struct nib_dns_name *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (lower(a->octets[i]) != lower(b->octets[i]))
            return false;
    return true;
}

uint16_t nib_dns_type_of(enum nib_type type)
{
    switch (type) {
#define X(symbol, code, nib)                                                                       \
    case nib:                                                                                      \
        return symbol;
        NIB_DNS_TYPES(X)
#undef X
    }
    return 0;
}

bool nib_dns_type_known(uint16_t code, enum nib_type *type)
{
    switch (code) {
#define X(symbol, number, nib)                                                                     \
    case symbol:                                                                                   \
        *type = nib;                                                                               \
        return true;
        NIB_DNS_TYPES(X)
#undef X
    default:
        return false;
    }
}

const char *nib_dns_rcode_name(unsigned rcode)
{
    switch (rcode) {
#define X(symbol, code, name)                                                                      \
    case symbol:                                                                                   \
        return name;
        NIB_DNS_RCODES(X)
#undef X
    default:
        return "?";
    }
}

const char *nib_dns_err_words(enum nib_dns_err err)
{
    static const char *const texts[] = {"",
#define X(symbol, words) words,
        NIB_DNS_ERRORS(X)
#undef X
    };
    return (unsigned)err < NIB_DNS_ERR_COUNT ? texts[err] : "";
}
