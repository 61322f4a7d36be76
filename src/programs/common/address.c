#define _POSIX_C_SOURCE 200809L
#include "common/address.h"

#include <net/if.h>
#include <stdlib.h>

enum { TEXT_MAX = 128 };

static bool is_link_local(const struct nib_addr *addr)
{
    return addr->family == 6 && addr->ip[0] == 0xfe && (addr->ip[1] & 0xc0) == 0x80;
}

/* Cuts `%interface` out of the text; false when it is too long to be right. */
static bool split(const char *text, char plain[TEXT_MAX], char interface[TEXT_MAX])
{
    size_t len = strlen(text), start = strcspn(text, "%");
    if (len >= TEXT_MAX)
        return false;
    size_t n = start < len ? strcspn(text + start, "]") : 0;
    memcpy(plain, text, start);
    memcpy(plain + start, text + start + n, len - start - n + 1);
    memcpy(interface, text + start, n);
    interface[n] = '\0';
    return true;
}

/* `%NAME` or `%NUMBER`; 0: there is no such interface. */
static uint32_t scope_of(const char *interface)
{
    char name[IF_NAMESIZE];
    size_t digits = strspn(interface + 1, "0123456789");
    uint32_t number = if_nametoindex(interface + 1);
    if (number != 0 || digits == 0 || digits > 9 || interface[1 + digits] != '\0')
        return number;
    number = (uint32_t)strtoul(interface + 1, NULL, 10);
    return if_indextoname(number, name) == NULL ? 0 : number;
}

static const char *why_no_address(const char *text)
{
    const char *last = strrchr(text, ':');
    const char *letters = "ghijklmnopqrstuvwxyzGHIJKLMNOPQRSTUVWXYZ";
    bool has_port = last != NULL && (strchr(text, ':') == last || (last > text && last[-1] == ']'));
    if (has_port && last[1] != '\0' && strspn(last + 1, "0123456789") == strlen(last + 1) &&
        strtoul(last + 1, NULL, 10) > 65535)
        return "has a port beyond 65535; give one from 1 to 65535";
    if (strpbrk(text, letters) != NULL || strpbrk(text, ".:") == NULL)
        return "is a host name; give an address, such as 127.0.0.1 or ::1";
    return "is no address; write 127.0.0.1, 127.0.0.1:21000, ::1 or [::1]:21000";
}

const char *address_parse(const char *text, uint16_t default_port, struct nib_addr *out)
{
    char plain[TEXT_MAX], interface[TEXT_MAX];
    struct nib_addr addr;
    if (!split(text, plain, interface))
        return "is no address; write 127.0.0.1, 127.0.0.1:21000, ::1 or [::1]:21000";
    if (!nib_addr_parse((struct nib_text){plain, strlen(plain)}, default_port, &addr))
        return why_no_address(plain);
    if (interface[0] != '\0' && !is_link_local(&addr))
        return "takes no interface; leave out % and what follows: only fe80::... has one";
    if (is_link_local(&addr)) {
        if (interface[0] == '\0')
            return "is link-local and lacks its interface; write it as fe80::1%eth0 or fe80::1%2";
        addr.scope = scope_of(interface);
        if (addr.scope == 0)
            return "names no interface of this machine; `ip link` lists them";
    }
    *out = addr;
    return NULL;
}

void address_to_ask(struct nib_addr *addr)
{
    if (!nib_addr_is_wildcard(addr))
        return;
    if (addr->family == 4)
        memcpy(addr->ip, (const uint8_t[]){127, 0, 0, 1}, 4);
    else
        addr->ip[15] = 1;
}
