#include "nibpcap/base/choice.h"

#include "nibdns/name.h"
#include "nibpcap/base/status.h"

static void take_ports(const struct option_use *use)
{
    struct choice *choice = use->settings;
    if (!ports_parse(use->text, &choice->ports))
        option_wrong(use, "is not 1 to %d ports, as in 21000,22000", PORTS_MAX);
}

static void take_name(const struct option_use *use)
{
    struct choice *choice = use->settings;
    size_t bad;
    if (nib_name_check((struct nib_text){use->text, strlen(use->text)}, &bad) != NIB_OK)
        option_wrong(use, "is no name");
    choice->filter.name = use->text;
}

static void take_id(const struct option_use *use)
{
    struct choice *choice = use->settings;
    int64_t id = option_whole(use->text);
    if (id < 0 || id > UINT32_MAX)
        option_wrong(use, "is not 0 to 4294967295");
    choice->filter.has_id = true;
    choice->filter.id = (uint32_t)id;
}

static void take_frames(const struct option_use *use)
{
    struct choice *choice = use->settings;
    if (!filter_parse_frames(&choice->filter, use->text))
        option_wrong(use, "is not like 7, 7-20, 7- or -20");
}

static const struct option_row ports_rows[] = {
    OPTION_CALL('p', "port", "LIST", take_ports,
        "these ports alone (21000,22000, and where else messages are found)"),
};
static const struct option_row choice_rows[] = {
    OPTION_CALL(0, "name", "NAME", take_name, "only what asks for that name, and what it causes"),
    OPTION_CALL(0, "id", "N", take_id, "only messages with that ID"),
    OPTION_ADDR(
        0, "client", struct choice, filter.client, 0, "only what that host sends, gets and causes"),
    OPTION_CALL(0, "frames", "A-B", take_frames, "only these frames"),
};

const struct option_table ports_options = OPTION_TABLE(ports_rows);
const struct option_table choice_options = OPTION_TABLE(choice_rows);

const char *choice_read(const struct option_program *program, void *settings, const char *operand,
    int argc, char **argv)
{
    complain_as(program->name);
    int first = options_read(program, settings, argc, argv);
    if (first == argc)
        usage_error(program->name, "%s is missing; see %s --help", operand, program->name);
    return argv[first];
}
