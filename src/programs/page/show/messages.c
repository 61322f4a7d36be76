#include "common/json.h"
#include "page/show/show.h"

static const char *const fates[] = {
#define X(symbol, words) words,
    PAGE_FATES(X)
#undef X
};

static const char *kind_of(const struct nib_message *m)
{
    static const char *const outcomes[] = {
        [NIB_FOUND] = "found", [NIB_NOT_FOUND] = "miss", [NIB_FAILURE] = "failure"};
    const struct nib_message query = {.id = m->id, .qtype = m->qtype, .qname = m->qname};
    if (m->flag == NIB_QUERY)
        return "query";
    return nib_message_is_referral(&query, m) ? "referral" : outcomes[m->outcome];
}

/* `malformed: WORDS (RULE) at octet N` */
static size_t malformed(char out[NIB_LINE_MAX], enum nib_err err, size_t bad)
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_LINE_MAX);
    nib_writer_word(&w, "malformed: ");
    nib_writer_word(&w, nib_err_words(err));
    nib_writer_word(&w, " (");
    nib_writer_word(&w, nib_err_rule(err));
    nib_writer_word(&w, ") at octet ");
    nib_writer_decimal(&w, bad);
    return w.off;
}

static void show_name(const struct page *page, const char *key, uint8_t host, struct nib_writer *w)
{
    json_word(w, key, host == PAGE_NOBODY ? "nobody" : page->state.hosts[host].name);
}

/* What a narrow label has room for: `A shop.amazone.com`, `3.33.147.88`. */
static void show_label(const struct nib_message *m, struct nib_writer *w)
{
    uint8_t text[NIB_LINE_MAX];
    struct nib_writer label = nib_writer_init(text, sizeof text);
    if (m->flag == NIB_QUERY || m->atype != m->qtype) {
        nib_writer_word(&label, nib_type_name(m->flag == NIB_QUERY ? m->qtype : m->atype));
        nib_writer_u8(&label, ' ');
    }
    nib_writer_text(&label, m->flag == NIB_QUERY ? m->qname : m->result);
    json_text(w, "label", (struct nib_text){(const char *)text, label.off});
}

static void show_line(const uint8_t *octets, size_t len, struct nib_writer *w)
{
    struct nib_message m;
    char line[NIB_LINE_MAX];
    size_t bad;
    enum nib_err err = nib_message_decode(&m, octets, len, &bad);
    size_t n = err == NIB_OK ? nib_message_line(&m, line) : malformed(line, err, bad);
    json_text(w, "line", (struct nib_text){line, n});
    json_word(w, "kind", err == NIB_OK ? kind_of(&m) : "malformed");
    if (err == NIB_OK)
        show_label(&m, w);
    else
        json_word(w, "label", nib_err_rule(err));
}

static void show_message(struct page *page, uint32_t frame, struct nib_writer *w)
{
    const struct page_message *m = page_message_of(page, frame);
    const struct page_course *course = page_course_of(page, frame);
    struct nib_text octets = page_text(page, m->octets);
    json_open(w, NULL, '{');
    json_number(w, "frame", frame);
    json_number(w, "sent", m->sent);
    json_number(w, "since", course->since);
    json_number(w, "until", course->until);
    show_name(page, "from", m->from, w);
    show_name(page, "to", m->to, w);
    json_flag(w, "forged", m->forger != PAGE_NOBODY);
    if (m->copy_of > 0)
        json_number(w, "copy_of", m->copy_of);
    show_line((const uint8_t *)octets.ptr, octets.len, w);
    json_word(w, "fate", fates[course->fate]);
    json_flag(w, "under_way", course->fate == PAGE_UNDER_WAY);
    json_flag(w, "arrived", course->fate == PAGE_ARRIVED);
    json_text(w, "why", page_text(page, m->why));
    json_text(w, "verdict", page_text(page, course->verdict));
    json_close(w, '}');
}

void page_show_messages(struct page *page, uint32_t first, struct nib_writer *w)
{
    json_open(w, NULL, '[');
    for (uint32_t frame = first; frame <= page->state.n_messages; frame++)
        show_message(page, frame, w);
    json_close(w, ']');
}
