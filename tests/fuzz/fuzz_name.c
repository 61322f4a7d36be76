/* Names, addresses, types: texts of a stranger. The input is two texts, the first one's length
 * before. */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "reference/naive.h"

static struct naive_text naive_of(struct nib_text text)
{
    return (struct naive_text){(const uint8_t *)text.ptr, text.len};
}

static bool check_name(struct nib_text name)
{
    size_t bad, naive_bad;
    enum nib_err err = nib_name_check(name, &bad);
    const char *rule = naive_name(naive_of(name), &naive_bad);
    INVARIANT((err == NIB_OK) == (rule == NULL));
    if (rule != NULL)
        INVARIANT(strcmp(nib_err_rule(err), rule) == 0 && bad == naive_bad);
    return err == NIB_OK;
}

/* From a valid name up to its last label, every step is a valid name and ends as it does. */
static void climb(struct nib_text name)
{
    size_t steps = 0;
    for (struct nib_text at = name; at.len > 0; at = nib_name_parent(at)) {
        INVARIANT(check_name(at) && at.ptr + at.len == name.ptr + name.len);
        INVARIANT(at.ptr == name.ptr || at.ptr[-1] == '.');
        INVARIANT(++steps <= name.len);
    }
}

static void compare(struct nib_text a, struct nib_text b)
{
    bool same = naive_same_name(naive_of(a), naive_of(b));
    INVARIANT(nib_name_equal(a, b) == same && nib_name_equal(b, a) == same);
    INVARIANT(nib_name_equal(a, a));
    if (same)
        INVARIANT(nib_name_hash(a, 7) == nib_name_hash(b, 7));
    else /* 64 bits: a collision is a fault, not chance */
        INVARIANT(nib_name_hash(a, 7) != nib_name_hash(b, 7));
}

static void check_result(struct nib_text text)
{
    static const enum nib_type types[] = {NIB_TYPES(NIB_TYPE_SYMBOL)};
    size_t bad;
    for (int i = 0; i < NIB_TYPE_COUNT; i++) {
        enum nib_err err = nib_result_check(types[i], text, &bad);
        INVARIANT(err == NIB_OK || bad <= text.len);
        if (err == NIB_OK && types[i] == NIB_A)
            INVARIANT(naive_is_ipv4(naive_of(text)));
    }
    INVARIANT((nib_result_outcome(text) != NIB_FOUND) == naive_is_miss(naive_of(text)));
}

/* What parses as an address is printed so that it parses as the same one. */
static void check_address(struct nib_text text)
{
    struct nib_addr addr, again = {0};
    uint8_t ip[16];
    char shown[NIB_ADDR_TEXT_MAX], ip_shown[NIB_IP_TEXT_MAX];
    INVARIANT(nib_ipv4_parse(text, ip) == naive_is_ipv4(naive_of(text)));
    INVARIANT(nib_ipv6_parse(text, ip) == naive_is_ipv6(naive_of(text)));
    if (!nib_addr_parse(text, 21000, &addr))
        return;
    size_t n = nib_addr_format(&addr, shown);
    INVARIANT(n < sizeof shown && strlen(shown) == n);
    INVARIANT(nib_addr_parse((struct nib_text){shown, n}, 1, &again));
    INVARIANT(nib_addr_equal(&addr, &again) && nib_addr_hash(&addr, 3) == nib_addr_hash(&again, 3));
    n = nib_ip_format(&addr, ip_shown);
    INVARIANT(n < sizeof ip_shown && strlen(ip_shown) == n);
}

static void check_words(struct nib_text text)
{
    enum nib_type type;
    uint16_t port;
    char number[24];
    if (nib_type_parse(text, &type))
        INVARIANT(text.len == strlen(nib_type_name(type)));
    if (nib_port_parse(text, &port)) {
        struct nib_writer w = nib_writer_init((uint8_t *)number, sizeof number);
        nib_writer_decimal(&w, port);
        INVARIANT(nib_text_same(text, (struct nib_text){number, w.off}));
    }
}

/* Every octet comes out printable, and in no more than four. */
static void check_escaped(struct nib_text text)
{
    uint8_t *out = fuzz_zeroed(4 * text.len);
    struct nib_writer w = nib_writer_init(out, 4 * text.len);
    nib_writer_escaped(&w, text);
    INVARIANT(!w.full && w.off >= text.len);
    for (size_t i = 0; i < w.off; i++)
        INVARIANT(out[i] >= ' ' && out[i] <= '~');
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    struct fuzz_input in = {octets, len};
    struct nib_text text[2];
    uint8_t *block[2];
    bool valid[2];
    for (int i = 0; i < 2; i++) {
        struct fuzz_input part = fuzz_take(&in, i == 0 ? fuzz_u8(&in) : SIZE_MAX);
        block[i] = fuzz_block(part.at, part.len);
        text[i] = (struct nib_text){(const char *)block[i], part.len};
        valid[i] = check_name(text[i]);
        if (valid[i])
            climb(text[i]);
        check_result(text[i]);
        check_address(text[i]);
        check_words(text[i]);
        check_escaped(text[i]);
    }
    if (valid[0] && valid[1])
        compare(text[0], text[1]);
    for (int i = 0; i < 2; i++)
        free(block[i]);
    return 0;
}
