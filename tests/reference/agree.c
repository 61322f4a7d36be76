#include "reference/agree.h"

#include "reference/naive.h"

static bool same_text(struct nib_text a, struct naive_text b)
{
    return a.len == b.len && (a.len == 0 || (const uint8_t *)a.ptr == b.octets);
}

static bool same_fields(const struct nib_message *m, const struct naive *n)
{
    bool found = m->flag == NIB_QUERY || !naive_is_miss(n->result);
    return m->id == n->id && (unsigned)m->flag == n->flag && (unsigned)m->qtype == n->qtype &&
           same_text(m->qname, n->qname) && (unsigned)m->atype == n->atype &&
           same_text(m->aname, n->aname) && m->ttl_s == n->ttl && same_text(m->result, n->result) &&
           found == (m->outcome == NIB_FOUND);
}

const char *agree(const uint8_t *octets, size_t len, enum nib_err *err)
{
    static const struct nib_message untouched = {.id = 0xa5a5a5a5, .ttl_s = 0xa5a5a5a5};
    struct nib_message m = untouched;
    struct naive n;
    uint8_t again[NIB_MESSAGE_MAX];
    size_t bad = SIZE_MAX;
    *err = nib_message_decode(&m, octets, len, &bad);
    naive_decode(&n, octets, len);
    if ((*err == NIB_OK) != (n.rule == NULL))
        return "the verdict";
    if (*err != NIB_OK) {
        if (strcmp(nib_err_rule(*err), n.rule) != 0)
            return "the rule";
        if (bad != n.at)
            return "the octet";
        bool kept = m.id == untouched.id && m.ttl_s == untouched.ttl_s && m.qname.ptr == NULL;
        return kept ? NULL : "a message made of a malformed datagram";
    }
    if (!same_fields(&m, &n))
        return "a field";
    if (nib_message_encode(again, sizeof again, &m) != len || memcmp(again, octets, len) != 0)
        return "the encoding";
    return NULL;
}
