#include <stdlib.h>

#include "nibpcap/rerun/rerun.h"

struct rerun_output *rerun_expect(struct rerun *rerun, const struct nib_addr *from,
    const struct nib_addr *to, const uint8_t *octets, size_t len)
{
    struct rerun_output *output = nibpcap_allocate(NULL, sizeof *output + len);
    struct rerun_output **end = &rerun->outputs;
    *output = (struct rerun_output){.from = *from, .to = *to, .len = len};
    memcpy(output->octets, octets, len);
    while (*end != NULL)
        end = &(*end)->next;
    *end = output;
    return output;
}

bool rerun_same(
    const struct rerun *rerun, const struct rerun_output *output, const struct rerun_event *event)
{
    if (event->cut ? event->len > output->len : event->len != output->len)
        return false;
    return memcmp(output->octets, rerun_octets(rerun, event), event->len) == 0;
}

/* ---- differences ---- */

static void print_octets(const char *who, const uint8_t *octets, size_t len)
{
    struct nibpcap_line line;
    struct nib_message m;
    size_t bad;
    nibpcap_begin(&line);
    nibpcap_add(&line, who);
    if (nib_message_decode(&m, octets, len, &bad) == NIB_OK) {
        nibpcap_add_message(&line, &m);
    } else {
        nibpcap_add(&line, "no message:");
        for (size_t i = 0; i < len && i < 64; i++) {
            nibpcap_add(&line, " ");
            nib_writer_hex(&line.w, octets[i], 2);
        }
    }
    nibpcap_end(&line, stdout);
}

static void print_place(
    const struct rerun_event *event, const struct rerun_output *output, const char *words)
{
    struct nibpcap_line line;
    nibpcap_begin(&line);
    if (event != NULL) {
        nibpcap_add(&line, "frame ");
        nibpcap_add_number(&line, event->frame);
        nibpcap_add(&line, ": ");
    }
    nibpcap_add(&line, words);
    nibpcap_add(&line, ", to ");
    nibpcap_add_socket(&line, event != NULL ? &event->dst : &output->to);
    if (output != NULL && output->frame > 0) {
        nibpcap_add(&line, output->timed ? ", a timer after frame " : ", because of frame ");
        nibpcap_add_number(&line, output->frame);
    }
    nibpcap_end(&line, stdout);
}

static void print_octet(
    const struct rerun *rerun, const struct rerun_event *event, const struct rerun_output *output)
{
    const uint8_t *octets = rerun_octets(rerun, event);
    size_t i = 0;
    while (i < event->len && i < output->len && octets[i] == output->octets[i])
        i++;
    printf("  first difference at octet %zu of %u in the capture, %zu in the logic\n", i,
        (unsigned)event->len, output->len);
}

/* One more difference; false once enough of them were shown. */
static bool differs(struct rerun *rerun)
{
    return rerun->different++ < RERUN_SHOWN;
}

void rerun_differ(struct rerun *rerun, uint64_t frame, const char *words)
{
    if (differs(rerun))
        printf("frame %llu: %s\n", (unsigned long long)frame, words);
}

static void remove_output(struct rerun *rerun, struct rerun_output *output)
{
    struct rerun_output **at = &rerun->outputs;
    while (*at != output)
        at = &(*at)->next;
    *at = output->next;
}

/*
 * Whether an older output to the same place was passed over, and how much older its cause is. What
 * a server has in hand at the same time it may send in any order: answers of one length leave
 * together.
 */
static bool is_out_of_order(
    struct rerun *rerun, const struct rerun_output *output, int64_t *older_ns)
{
    for (const struct rerun_output *o = rerun->outputs; o != output; o = o->next) {
        if (!nib_addr_equal(&o->to, &output->to) || o->socket != output->socket)
            continue;
        *older_ns = output->time_ns - o->time_ns;
        return true;
    }
    return false;
}

static void meet_same(
    struct rerun *rerun, const struct rerun_output *output, const struct rerun_event *event)
{
    int64_t late_ns = event->time_ns - output->time_ns, older_ns = 0;
    bool passed = is_out_of_order(rerun, output, &older_ns);
    if (passed && older_ns > rerun->most_older_ns)
        rerun->most_older_ns = older_ns;
    if (output->timed && late_ns > rerun->most_late_ns)
        rerun->most_late_ns = late_ns;
    if (output->timed && late_ns > rerun->options.late_ms * 1000000) {
        char words[120];
        (void)snprintf(words, sizeof words, "leaves %lld ms after its timer, set by frame %llu",
            (long long)(late_ns / 1000000), (unsigned long long)output->frame);
        rerun_differ(rerun, event->frame, words);
    } else if (older_ns > rerun->options.late_ms * 1000000) {
        if (differs(rerun))
            print_place(event, output, "sent before an answer that was due earlier");
    } else {
        rerun->reordered += passed;
        rerun->same++;
    }
}

static void print_difference(
    const struct rerun *rerun, const struct rerun_output *output, const struct rerun_event *event)
{
    print_place(event, output,
        output == NULL ? "the logic sends nothing" : "the logic sends something else");
    print_octets("  capture: ", rerun_octets(rerun, event), event->len);
    if (output == NULL)
        return;
    print_octets("  logic:   ", output->octets, output->len);
    print_octet(rerun, event, output);
}

void rerun_meet(struct rerun *rerun, struct rerun_output *output, const struct rerun_event *event)
{
    if (output != NULL && rerun_same(rerun, output, event))
        meet_same(rerun, output, event);
    else if (differs(rerun))
        print_difference(rerun, output, event);
    if (output == NULL)
        return;
    remove_output(rerun, output);
    free(output);
}

static void drop_oldest(struct rerun *rerun)
{
    struct rerun_output *output = rerun->outputs;
    if (differs(rerun)) {
        print_place(NULL, output, "the logic sends what the capture does not have");
        print_octets("  logic:   ", output->octets, output->len);
    }
    rerun->outputs = output->next;
    free(output);
}

void rerun_expire(struct rerun *rerun, int64_t now_ns)
{
    while (rerun->outputs != NULL && now_ns - rerun->outputs->time_ns > RERUN_MISSED_NS)
        drop_oldest(rerun);
}

void rerun_leftover(struct rerun *rerun)
{
    while (rerun->outputs != NULL)
        drop_oldest(rerun);
}
