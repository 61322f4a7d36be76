#include "nibdns/decision.h"

#include "nibdns/cursor.h"

static void put_rule(struct nib_writer *w, const char *words, const char *rule)
{
    nib_writer_word(w, words);
    nib_writer_word(w, " (");
    nib_writer_word(w, rule);
    nib_writer_u8(w, ')');
}

static void put(struct nib_writer *w, char what, const struct nib_decision *d)
{
    char addr[NIB_ADDR_TEXT_MAX];
    switch (what) {
    case 'n':
        nib_writer_decimal(w, d->number);
        break;
    case 'a':
        nib_writer_text(w, (struct nib_text){addr, nib_addr_format(&d->addr, addr)});
        break;
    case 'r':
        put_rule(w, nib_err_words(d->rule), nib_err_rule(d->rule));
        break;
    case 'm':
        put_rule(w, nib_mismatch_words(d->mismatch), nib_mismatch_rule(d->mismatch));
        break;
    case 'c':
        nib_writer_word(w, nib_dns_rcode_name(d->rcode));
        break;
    case 'd':
        nib_writer_word(w, nib_dns_err_words(d->dns_err));
        break;
    default:
        break;
    }
}

size_t nib_decision_text(const struct nib_decision *decision, char out[NIB_DECISION_TEXT_MAX])
{
    static const char *const texts[NIB_DECISION_COUNT] = {
#define X(symbol, words) [symbol] = words,
        NIB_DECISIONS(X)
#undef X
    };
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_DECISION_TEXT_MAX - 1);
    for (const char *words = texts[decision->what]; *words != '\0'; words++) {
        if (*words == '%')
            put(&w, *++words, decision);
        else
            nib_writer_u8(&w, (uint8_t)*words);
    }
    out[w.off] = '\0';
    return w.off;
}
