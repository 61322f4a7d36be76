#include "common/json.h"
#include "page/show/show.h"

/*
 * The fields of a datagram, as far as it has them: what stands there, whether it is right or not.
 * Which rule is broken, and where, is what the decoder says.
 */

struct field {
    const char *name, *rules;
    size_t from, len;
    const char *bits; /* "upper" or "lower" four of an octet that holds two; else NULL */
};

struct marking {
    struct nib_writer *w;
    const uint8_t *octets;
    size_t len, off;
    enum nib_err err; /* what the decoder says, and where */
    size_t bad;
};

static bool mentions(const char *rules, const char *rule)
{
    size_t n = strlen(rule), len = strlen(rules);
    for (size_t i = 0; n > 0 && i + n <= len; i++)
        if (memcmp(rules + i, rule, n) == 0)
            return true;
    return false;
}

/* Whether this field is the one that breaks the rule; `whole` octets it would have. */
static bool is_bad(const struct marking *m, const struct field *f, size_t whole)
{
    bool here = m->bad >= f->from && m->bad < f->from + whole;
    if (m->err == NIB_ERR_SHORT)
        return f->len < whole;
    return m->err != NIB_OK && here && mentions(f->rules, nib_err_rule(m->err));
}

static void put_field(struct marking *m, const struct field *f, size_t whole, struct nib_text value)
{
    json_open(m->w, NULL, '{');
    json_word(m->w, "name", f->name);
    json_word(m->w, "rules", f->rules);
    json_number(m->w, "from", (int64_t)f->from);
    json_number(m->w, "len", (int64_t)f->len);
    if (f->bits != NULL)
        json_word(m->w, "bits", f->bits);
    json_text(m->w, "value", value);
    json_flag(m->w, "bad", is_bad(m, f, whole));
    json_close(m->w, '}');
}

static void put_number(
    struct marking *m, const struct field *f, size_t whole, uint32_t number, const char *words)
{
    uint8_t text[64];
    struct nib_writer w = nib_writer_init(text, sizeof text);
    nib_writer_decimal(&w, number);
    if (words != NULL) {
        nib_writer_word(&w, " ");
        nib_writer_word(&w, words);
    }
    put_field(m, f, whole, (struct nib_text){(const char *)text, w.off});
}

/* How many of n octets are there. */
static size_t there(const struct marking *m, size_t n)
{
    return n < m->len - m->off ? n : m->len - m->off;
}

/* The upper and the lower four bits of the next octet. */
static uint8_t mark_halves(
    struct marking *m, const char *const names[2], const char *const rules[2], bool is_flag)
{
    static const char *const flags[] = {[NIB_QUERY] = "query", [NIB_RESPONSE] = "response"};
    if (there(m, 1) == 0)
        return 0;
    uint8_t octet = m->octets[m->off], upper = octet >> 4, lower = octet & 15;
    const struct field high = {names[0], rules[0], m->off, 1, "upper"};
    const struct field low = {names[1], rules[1], m->off, 1, "lower"};
    put_number(m, &high, 1, upper, is_flag && upper <= NIB_RESPONSE ? flags[upper] : NULL);
    put_number(m, &low, 1, lower, nib_type_name((enum nib_type)lower));
    m->off++;
    return octet;
}

static uint32_t mark_u32(struct marking *m, const char *name, const char *rules, const char *unit)
{
    struct field f = {name, rules, m->off, there(m, 4), NULL};
    uint32_t number = 0;
    for (size_t i = 0; i < f.len; i++)
        number = number << 8 | m->octets[m->off + i];
    if (f.len > 0)
        put_number(m, &f, 4, number, unit);
    m->off += f.len;
    return number;
}

/* A length octet and that many octets of text. */
static void mark_text(struct marking *m, const char *const names[2], const char *const rules[2])
{
    if (there(m, 1) == 0)
        return;
    const struct field length = {names[0], rules[0], m->off, 1, NULL};
    size_t n = m->octets[m->off];
    put_number(m, &length, 1, (uint32_t)n, "octets");
    m->off++;
    const struct field text = {names[1], rules[1], m->off, there(m, n), NULL};
    if (n > 0)
        put_field(m, &text, n, (struct nib_text){(const char *)m->octets + m->off, text.len});
    m->off += text.len;
}

static void mark_all(struct marking *m)
{
    static const char *const head[] = {"Flag", "Question type"}, *const head_rules[] = {
                                                                     "NIB-2.2", "NIB-2.3"};
    static const char *const question[] = {"Question name length", "Question name"};
    static const char *const name_rules[] = {"NIB-3.1", "NIB-3.2, NIB-3.3, NIB-3.4"};
    static const char *const middle[] = {"Zero", "Answer type"}, *const middle_rules[] = {
                                                                     "NIB-2.4", "NIB-2.5"};
    static const char *const answer[] = {"Answer name length", "Answer name"};
    static const char *const result[] = {"Result length", "Result"};
    static const char *const result_rules[] = {"NIB-4.1", "NIB-4.2, NIB-4.3, NIB-4.4"};
    (void)mark_u32(m, "Transaction ID", "NIB-1.2", NULL);
    uint8_t flag = mark_halves(m, head, head_rules, true) >> 4;
    mark_text(m, question, name_rules);
    if (flag == NIB_RESPONSE) {
        (void)mark_halves(m, middle, middle_rules, false);
        mark_text(m, answer, name_rules);
        (void)mark_u32(m, "TTL", "NIB-2.6", "s");
        mark_text(m, result, result_rules);
    }
    /* Behind a flag that is none, nobody knows what the octets are. */
    bool known = flag == NIB_QUERY || flag == NIB_RESPONSE;
    const struct field rest = {known ? "Octets behind the last field" : "Not read",
        known ? "NIB-2.7" : "", m->off, m->len - m->off, NULL};
    if (rest.len > 0)
        put_field(
            m, &rest, rest.len, (struct nib_text){(const char *)m->octets + m->off, rest.len});
}

void page_show_octets(struct page *page, uint32_t frame, struct nib_writer *w)
{
    const struct page_message *message = page_message_of(page, frame);
    char addr[NIB_ADDR_TEXT_MAX];
    struct nib_message m;
    size_t bad = 0;
    json_open(w, NULL, '{');
    if (message != NULL) {
        struct nib_text octets = page_text(page, message->octets);
        struct marking marking = {.w = w, .octets = (const uint8_t *)octets.ptr, .len = octets.len};
        enum nib_err err = nib_message_decode(&m, marking.octets, octets.len, &bad);
        marking.err = err;
        marking.bad = bad;
        json_number(w, "frame", frame);
        json_text(w, "source", (struct nib_text){addr, nib_addr_format(&message->src, addr)});
        json_text(w, "target", (struct nib_text){addr, nib_addr_format(&message->dst, addr)});
        json_text(w, "octets", octets);
        json_word(w, "rule", nib_err_rule(err));
        json_word(w, "words", nib_err_words(err));
        json_number(w, "bad", err == NIB_OK ? -1 : (int64_t)bad);
        json_open(w, "fields", '[');
        mark_all(&marking);
        json_close(w, ']');
    }
    json_close(w, '}');
}
