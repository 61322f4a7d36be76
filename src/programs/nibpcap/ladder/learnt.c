#include "nibdns/name.h"
#include "nibpcap/base/memory.h"
#include "nibpcap/ladder/ladder.h"

/* An answer that a local server got, until its TTL is used up. Places are found by a hash. */
struct learnt {
    uint64_t hash, frame; /* frame 0: the place is empty */
    int64_t until_ns;
    enum nib_type type;
    uint8_t len;
    char name[NIB_NAME_MAX]; /* in lower case */
};

enum { PLACES_FIRST = 64 };

static size_t fold(char out[NIB_NAME_MAX], struct nib_text name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    return name.len;
}

/* The place of that answer, or the empty one that it would have. */
static struct learnt *place_of(const struct ladder *ladder, const struct learnt *want)
{
    size_t mask = ladder->learnt_places - 1, i = (size_t)(want->hash >> 16) & mask;
    for (;; i = (i + 1) & mask) {
        struct learnt *l = &ladder->learnt[i];
        if (l->frame == 0 || (l->hash == want->hash && l->type == want->type &&
                                 l->len == want->len && memcmp(l->name, want->name, l->len) == 0))
            return l;
    }
}

static struct learnt key_of(enum nib_type type, struct nib_text name)
{
    struct learnt key = {.type = type};
    key.len = (uint8_t)fold(key.name, name);
    key.hash = exchange_hash((uint64_t)type, key.name, key.len);
    return key;
}

/* Makes room for twice what is still alive. */
static void renew(struct ladder *ladder, int64_t now_ns)
{
    struct learnt *old = ladder->learnt;
    size_t n_old = ladder->learnt_places, alive = 0;
    for (size_t i = 0; i < n_old; i++)
        alive += old[i].frame != 0 && old[i].until_ns > now_ns;
    ladder->learnt_places = PLACES_FIRST;
    while (ladder->learnt_places < 4 * alive)
        ladder->learnt_places *= 2;
    ladder->learnt = memory_zeroed(ladder->learnt_places * sizeof *ladder->learnt);
    ladder->n_learnt = alive;
    for (size_t i = 0; i < n_old; i++)
        if (old[i].frame != 0 && old[i].until_ns > now_ns)
            *place_of(ladder, &old[i]) = old[i];
    memory_free(old);
}

uint64_t learnt_find(
    struct ladder *ladder, enum nib_type type, struct nib_text name, int64_t now_ns)
{
    if (ladder->learnt_places == 0)
        return 0;
    const struct learnt key = key_of(type, name);
    const struct learnt *l = place_of(ladder, &key);
    return l->frame != 0 && l->until_ns > now_ns ? l->frame : 0;
}

void learnt_add(struct ladder *ladder, const struct nib_message *m, uint64_t frame, int64_t now_ns)
{
    if (m->ttl_s == 0)
        return;
    if (2 * (ladder->n_learnt + 1) > ladder->learnt_places)
        renew(ladder, now_ns);
    struct learnt key = key_of(m->atype, m->qname);
    struct learnt *l = place_of(ladder, &key);
    if (l->frame != 0 && l->until_ns > now_ns)
        return;
    ladder->n_learnt += l->frame == 0;
    key.frame = frame;
    key.until_ns = now_ns + (int64_t)m->ttl_s * 1000000000;
    *l = key;
}
