#include "common/print.h"

void print_part(const struct line *line, FILE *out)
{
    (void)fwrite(line->text, 1, line->w.off, out);
}

void print_line(struct line *line, FILE *out)
{
    line->text[line->w.off] = '\n';
    (void)fwrite(line->text, 1, line->w.off + 1, out);
}
