#include "page/base/world.h"

#include "nibdns/builtin.h"
#include "page/base/words.h"

/* clang-format off */
#define CLIENT(n, name) {PAGE_CLIENT, name, {127, 0, 0, 10 + n}, 0, NULL, NULL}
#define LOCAL(records) {PAGE_LOCAL, "local", {127, 0, 0, 1}, NIB_PORT_LOCAL, records, NULL}
#define SERVER(name, a, b, c, d, records)                                                          \
    ZONES(name, NULL, a, b, c, d, records)
#define ZONES(name, zones, a, b, c, d, records)                                                    \
    {PAGE_AUTHORITY, name, {a, b, c, d}, NIB_PORT_AUTHORITATIVE, records, zones}
#define ATTACKER {PAGE_ATTACKER, "attacker", {127, 0, 0, 66}, 6666, NULL, NULL}

static const struct page_world worlds[] = {
    {"campus", "two clients, the campus's local server, amazone's server",
        {CLIENT(1, "client"), CLIENT(2, "client 2"), LOCAL(NIB_BUILTIN_LOCAL),
            SERVER("amazone", 127, 0, 0, 1, NIB_BUILTIN_AMAZONE), ATTACKER}},
    {"two-servers", "amazone.com has two name servers",
        {CLIENT(1, "client"), CLIENT(2, "client 2"),
            LOCAL(NIB_BUILTIN_NONE
                "0,www.csusm.edu,A,144.37.5.45,None,1\n"
                "1,amazone.com,NS,dns1.amazone.com,None,1\n"
                "2,amazone.com,NS,dns2.amazone.com,None,1\n"
                "3,dns1.amazone.com,A,127.0.0.2,None,1\n"
                "4,dns2.amazone.com,A,127.0.0.3,None,1\n"),
            SERVER("amazone", 127, 0, 0, 2, NIB_BUILTIN_AMAZONE),
            SERVER("amazone 2", 127, 0, 0, 3, NIB_BUILTIN_AMAZONE)}},
    {"cname", "a name that stands for another, on another server",
        {CLIENT(1, "client"), CLIENT(2, "client 2"),
            LOCAL(NIB_BUILTIN_NONE
                "0,www.csusm.edu,A,144.37.5.45,None,1\n"
                "1,amazone.com,NS,dns.amazone.com,None,1\n"
                "2,dns.amazone.com,A,127.0.0.2,None,1\n"
                "3,cloud.example,NS,dns.cloud.example,None,1\n"
                "4,dns.cloud.example,A,127.0.0.3,None,1\n"),
            SERVER("amazone", 127, 0, 0, 2, NIB_BUILTIN_NONE
                "0,www.amazone.com,CNAME,shop.amazone.com,None,1\n"
                "1,shop.amazone.com,CNAME,eu-7.cloud.example,None,1\n"),
            SERVER("cloud", 127, 0, 0, 3, NIB_BUILTIN_NONE "0,eu-7.cloud.example,A,15.197.140.28,None,1\n")}},
    {"tree", "a tree of name servers: top-level domains, amazone.com, eu.amazone.com",
        {CLIENT(1, "client"), CLIENT(2, "client 2"),
            LOCAL(NIB_BUILTIN_NONE
                "0,com,NS,ns.top,None,1\n"
                "1,edu,NS,ns.top,None,1\n"
                "2,ns.top,A,127.0.0.2,None,1\n"),
            ZONES("top", "com edu", 127, 0, 0, 2, NIB_BUILTIN_NONE
                "0,amazone.com,NS,ns.amazone.com,None,1\n"
                "1,ns.amazone.com,A,127.0.0.3,None,1\n"
                "2,www.csusm.edu,A,144.37.5.45,None,1\n"
                "3,my.csusm.edu,A,144.37.5.150,None,1\n"),
            ZONES("amazone", "amazone.com", 127, 0, 0, 3, NIB_BUILTIN_NONE
                "0,shop.amazone.com,A,3.33.147.88,None,1\n"
                "1,cloud.amazone.com,A,15.197.140.28,None,1\n"
                "2,store.amazone.com,CNAME,www.eu.amazone.com,None,1\n"
                "3,eu.amazone.com,NS,ns.eu.amazone.com,None,1\n"
                "4,ns.eu.amazone.com,A,127.0.0.4,None,1\n"),
            ZONES("eu", "eu.amazone.com", 127, 0, 0, 4, NIB_BUILTIN_NONE
                "0,www.eu.amazone.com,A,192.0.2.80,None,1\n")}},
    {"internet", "as campus, with addresses that are not this machine's: letters are mixed",
        {{PAGE_CLIENT, "client", {192, 0, 2, 11}, 0, NULL, NULL},
            {PAGE_CLIENT, "client 2", {192, 0, 2, 12}, 0, NULL, NULL},
            {PAGE_LOCAL, "local", {192, 0, 2, 1}, NIB_PORT_LOCAL, NIB_BUILTIN_NONE
                "0,www.csusm.edu,A,144.37.5.45,None,1\n"
                "1,my.csusm.edu,A,144.37.5.150,None,1\n"
                "2,amazone.com,NS,dns.amazone.com,None,1\n"
                "3,dns.amazone.com,A,203.0.113.22,None,1\n", NULL},
            SERVER("amazone", 203, 0, 113, 22, NIB_BUILTIN_AMAZONE),
            {PAGE_ATTACKER, "attacker", {198, 51, 100, 66}, 6666, NULL, NULL}}},
};
/* clang-format on */

const struct page_world *page_world_of(struct nib_text name)
{
    for (size_t i = 0; i < sizeof worlds / sizeof worlds[0]; i++)
        if (name.len == 0 || page_is(name, worlds[i].name))
            return &worlds[i];
    return NULL;
}

const struct page_world *page_world_at(size_t i)
{
    return i < sizeof worlds / sizeof worlds[0] ? &worlds[i] : NULL;
}
