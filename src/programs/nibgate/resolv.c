#include "nibgate/resolv.h"

#include "common/address.h"
#include "common/complain.h"
#include "nibdns/os/memory.h"

enum { ADDRESS_MAX = 128 };

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static struct nib_text skip_blanks(struct nib_text text)
{
    while (text.len > 0 && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    return text;
}

/* `nameserver ADDR`, and whatever stands behind. */
static bool parse_line(struct nib_text line, struct nib_addr *addr)
{
    const struct nib_text word = NIB_TEXT("nameserver");
    char address[ADDRESS_MAX];
    size_t n = 0;
    line = skip_blanks(line);
    if (line.len <= word.len || memcmp(line.ptr, word.ptr, word.len) != 0 ||
        !is_blank(line.ptr[word.len]))
        return false;
    line = skip_blanks((struct nib_text){line.ptr + word.len, line.len - word.len});
    for (; n < line.len && n < ADDRESS_MAX - 1 && !is_blank(line.ptr[n]); n++)
        address[n] = line.ptr[n];
    address[n] = '\0';
    return address_parse(address, PORT_DNS, addr) == NULL;
}

bool resolv_parse(struct nib_text text, struct nib_addr *addr)
{
    while (text.len > 0) {
        const char *end = memchr(text.ptr, '\n', text.len);
        size_t len = end == NULL ? text.len : (size_t)(end - text.ptr);
        if (parse_line((struct nib_text){text.ptr, len}, addr))
            return true;
        len += end != NULL;
        text = (struct nib_text){text.ptr + len, text.len - len};
    }
    return false;
}

struct nib_addr resolv_first(const char *program)
{
    static const char path[] = "/etc/resolv.conf";
    struct nib_text text;
    struct nib_addr addr = {.family = 0};
    if (nib_memory_read_file(path, &text)) {
        (void)resolv_parse(text, &addr);
        nib_memory_free_text(text);
    }
    if (addr.family == 0)
        usage_error(program, "%s names no resolver; give one with --resolver", path);
    address_to_ask(&addr);
    return addr;
}
