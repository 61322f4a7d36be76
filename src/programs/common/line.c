#include "common/line.h"

void line_begin(struct line *line)
{
    line->w = nib_writer_init(line->text, LINE_MAX_LEN);
}

void line_add(struct line *line, const char *word)
{
    nib_writer_word(&line->w, word);
}

void line_text(struct line *line, struct nib_text text)
{
    nib_writer_text(&line->w, text);
}

void line_number(struct line *line, uint64_t number)
{
    nib_writer_decimal(&line->w, number);
}

void line_count(struct line *line, const char *before, uint64_t number, const char *after)
{
    line_add(line, before);
    line_number(line, number);
    line_add(line, after);
}

void line_seconds(struct line *line, int64_t ns)
{
    uint64_t us = (ns < 0 ? -(uint64_t)ns : (uint64_t)ns) / 1000;
    line_add(line, ns <= -1000 ? "-" : "");
    line_number(line, us / 1000000);
    line_add(line, ".");
    for (uint64_t unit = 100000; unit > 0; unit /= 10)
        nib_writer_u8(&line->w, (uint8_t)('0' + us / unit % 10));
}

void line_ip(struct line *line, const struct nib_addr *addr)
{
    char text[NIB_IP_TEXT_MAX];
    nib_ip_format(addr, text);
    line_add(line, text);
}

void line_dotted(struct line *line, const struct nib_addr *addr)
{
    line_ip(line, addr);
    line_count(line, ".", addr->port, "");
}

void line_addr(struct line *line, const struct nib_addr *addr)
{
    char text[NIB_ADDR_TEXT_MAX];
    nib_addr_format(addr, text);
    line_add(line, text);
}

void line_message(struct line *line, const struct nib_message *m)
{
    char text[NIB_LINE_MAX];
    size_t len = nib_message_line(m, text);
    nib_writer_escaped(&line->w, (struct nib_text){text, len});
}

void line_malformed(struct line *line, enum nib_err err, size_t bad)
{
    line_add(line, "malformed: ");
    line_add(line, nib_err_words(err));
    line_add(line, " (");
    line_add(line, nib_err_rule(err));
    line_count(line, ") at octet ", bad, "");
}

void line_pad(struct line *line, size_t column)
{
    while (line->w.off < column && !line->w.full)
        nib_writer_u8(&line->w, ' ');
}

struct nib_text line_view(const struct line *line)
{
    return (struct nib_text){(const char *)line->text, line->w.off};
}

const char *line_string(struct line *line)
{
    line->text[line->w.off] = '\0';
    return (const char *)line->text;
}
