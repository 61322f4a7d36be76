#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "nibpcap/base/nibpcap.h"

/* "nibpcap dump": what complaints begin with, set when a command begins. */
static const char *command_name = "nibpcap";

int nibpcap_complain(const char *format, ...)
{
    va_list args;
    (void)fprintf(stderr, "%s: ", command_name);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    return NIBPCAP_USE;
}

/* ---- the command line ---- */

const char *nibpcap_options(const struct option_program *command_line, void *settings, int argc,
    char **argv, const char *what)
{
    command_name = command_line->name;
    int operand = options_read(command_line, settings, argc, argv);
    if (operand == argc)
        usage_error(command_name, "%s is missing; see %s --help", what, command_name);
    return argv[operand];
}

const char *nibpcap_name(void)
{
    return command_name;
}

void nibpcap_take_ports(const struct option_use *use)
{
    struct nibpcap_ports ports = {.given = true};
    for (const char *at = use->text; ports.n < NIBPCAP_PORTS_MAX; at++) {
        size_t len = strcspn(at, ",");
        uint16_t *port = &ports.port[ports.n++];
        if (!nib_port_parse((struct nib_text){at, len}, port) || *port == 0)
            break;
        at += len;
        if (*at == '\0') {
            memcpy(use->field, &ports, sizeof ports);
            return;
        }
    }
    option_wrong(use, "is no list of ports; give 1 to %d, as in 21000,22000", NIBPCAP_PORTS_MAX);
}

bool nibpcap_is_port(const struct nibpcap_ports *ports, uint16_t port)
{
    for (size_t i = 0; i < ports->n; i++)
        if (ports->port[i] == port)
            return true;
    return false;
}

struct nibpcap_ports nibpcap_default_ports(void)
{
    return (struct nibpcap_ports){{NIB_PORT_LOCAL, NIB_PORT_AUTHORITATIVE}, 2, false};
}

/* ---- lines ---- */

void nibpcap_begin(struct nibpcap_line *line)
{
    line->w = nib_writer_init(line->text, sizeof line->text - 1);
}

void nibpcap_add(struct nibpcap_line *line, const char *word)
{
    nib_writer_word(&line->w, word);
}

void nibpcap_add_number(struct nibpcap_line *line, uint64_t number)
{
    nib_writer_decimal(&line->w, number);
}

void nibpcap_add_ip(struct nibpcap_line *line, const struct nib_addr *addr)
{
    char text[NIB_IP_TEXT_MAX];
    nib_ip_format(addr, text);
    nibpcap_add(line, text);
}

void nibpcap_add_addr(struct nibpcap_line *line, const struct nib_addr *addr)
{
    nibpcap_add_ip(line, addr);
    nibpcap_add(line, ".");
    nibpcap_add_number(line, addr->port);
}

void nibpcap_add_socket(struct nibpcap_line *line, const struct nib_addr *addr)
{
    char text[NIB_ADDR_TEXT_MAX];
    nib_addr_format(addr, text);
    nibpcap_add(line, text);
}

void nibpcap_add_message(struct nibpcap_line *line, const struct nib_message *m)
{
    char text[NIB_LINE_MAX];
    size_t len = nib_message_line(m, text);
    nib_writer_escaped(&line->w, (struct nib_text){text, len});
}

void nibpcap_add_malformed(struct nibpcap_line *line, enum nib_err err, size_t bad)
{
    nibpcap_add(line, "malformed: ");
    nibpcap_add(line, nib_err_words(err));
    nibpcap_add(line, " (");
    nibpcap_add(line, nib_err_rule(err));
    nibpcap_add(line, ") at octet ");
    nibpcap_add_number(line, bad);
}

void nibpcap_add_seconds(struct nibpcap_line *line, int64_t ns)
{
    char text[40];
    int64_t us = ns / 1000;
    (void)snprintf(text, sizeof text, "%s%lld.%06lld", us < 0 ? "-" : "",
        (long long)(us < 0 ? -us : us) / 1000000, (long long)(us < 0 ? -us : us) % 1000000);
    nibpcap_add(line, text);
}

void nibpcap_add_column(struct nibpcap_line *line, size_t column)
{
    while (line->w.off < column && !line->w.full)
        nib_writer_u8(&line->w, ' ');
}

void nibpcap_end(struct nibpcap_line *line, FILE *out)
{
    line->text[line->w.off] = '\n';
    (void)fwrite(line->text, 1, line->w.off + 1, out);
}

int nibpcap_finish_output(int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    return nibpcap_complain("cannot write standard output: %s", strerror(errno));
}
