/* The codec: both decoders agree, nothing is written where nothing may be, the line is printable.
 */
#include <stdlib.h>

#include "fuzz/fuzz.h"
#include "reference/agree.h"

/* One octet less is too little, and what stands behind the block stays. */
static void encode_into_less(const struct nib_message *m, size_t len)
{
    uint8_t *block = fuzz_zeroed(len);
    block[len - 1] = 0xa5;
    INVARIANT(nib_message_encode(block, len - 1, m) == 0);
    INVARIANT(block[len - 1] == 0xa5);
    INVARIANT(nib_message_encode(block, len, m) == len);
    INVARIANT(nib_message_encode(NULL, 0, m) == 0);
    free(block);
}

static void check_line(const struct nib_message *m)
{
    char line[NIB_LINE_MAX];
    size_t n = nib_message_line(m, line);
    INVARIANT(n < NIB_LINE_MAX && line[n] == '\0' && strlen(line) == n);
    for (size_t i = 0; i < n; i++)
        INVARIANT(line[i] >= ' ' && line[i] <= '~');
}

/* NIB-5.5, one place of the name after the other. */
static bool refers_slowly(const struct nib_message *m)
{
    bool found = false;
    for (size_t i = 0; i < m->qname.len; i++)
        if ((i == 0 || m->qname.ptr[i - 1] == '.') && m->qname.len - i == m->aname.len &&
            memcmp(m->qname.ptr + i, m->aname.ptr, m->aname.len) == 0)
            found = found || i > 0 || m->qtype != NIB_NS;
    return found && m->atype == NIB_NS && nib_result_outcome(m->result) == NIB_FOUND;
}

/* A response fits the query that asks what it says it was asked, and no query of another ID. */
static void check_fit(const struct nib_message *m)
{
    struct nib_message query = *m, other = *m;
    query.flag = NIB_QUERY;
    other.id++;
    INVARIANT(nib_message_fits(m, &query) == NIB_MISMATCH_FLAG);
    if (m->flag == NIB_QUERY)
        return;
    bool fits =
        nib_text_same(m->aname, m->qname) && (m->atype == m->qtype || m->atype == NIB_CNAME);
    INVARIANT(nib_message_fits(&query, m) == (fits ? NIB_FITS : NIB_MISMATCH_ANSWER));
    INVARIANT(nib_message_fits(&other, m) == NIB_MISMATCH_ID);
    INVARIANT(nib_message_is_referral(&query, m) == refers_slowly(m));
    INVARIANT(!nib_message_is_referral(&other, m));
    enum nib_mismatch mismatch = nib_message_fits(&query, m);
    INVARIANT((nib_mismatch_words(mismatch)[0] == '\0') == (mismatch == NIB_FITS));
    INVARIANT((nib_mismatch_rule(mismatch)[0] == '\0') == (mismatch == NIB_FITS));
}

int LLVMFuzzerTestOneInput(const uint8_t *octets, size_t len)
{
    uint8_t *block = fuzz_block(octets, len);
    enum nib_err err;
    struct nib_message m;
    size_t bad;
    const char *what = agree(block, len, &err);
    if (what != NULL)
        fuzz_broken(__FILE__, __LINE__, what);
    INVARIANT(nib_message_decode(&m, block, len, &bad) == err);
    if (err == NIB_OK) {
        INVARIANT(len <= NIB_MESSAGE_MAX);
        encode_into_less(&m, len);
        check_line(&m);
        check_fit(&m);
    } else {
        INVARIANT(bad <= len && nib_err_words(err)[0] != '\0');
    }
    free(block);
    return 0;
}
