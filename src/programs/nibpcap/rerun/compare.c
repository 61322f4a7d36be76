#include <stdio.h>

#include "common/print.h"
#include "nibpcap/rerun/rerun.h"

struct output *rerun_expect(struct rerun *rerun, const struct nib_addr *from,
    const struct nib_addr *to, uint32_t socket, const uint8_t *octets, size_t len)
{
    return outputs_add(&rerun->outputs, from, to, socket, octets, len);
}

bool rerun_same(const struct rerun *rerun, const struct output *output, const struct event *event)
{
    return output_is(output, event, event_octets(&rerun->events, event));
}

/* ---- differences ---- */

static void print_octets(const char *who, const uint8_t *octets, size_t len)
{
    struct line line;
    struct nib_message m;
    size_t bad;
    line_begin(&line);
    line_add(&line, who);
    if (nib_message_decode(&m, octets, len, &bad) == NIB_OK) {
        line_message(&line, &m);
    } else {
        line_add(&line, "no message:");
        for (size_t i = 0; i < len && i < 64; i++) {
            line_add(&line, " ");
            nib_writer_hex(&line.w, octets[i], 2);
        }
    }
    print_line(&line, stdout);
}

static void print_place(const struct event *event, const struct output *output, const char *words)
{
    struct line line;
    line_begin(&line);
    if (event != NULL) {
        line_add(&line, "frame ");
        line_number(&line, event->frame);
        line_add(&line, ": ");
    }
    line_add(&line, words);
    line_add(&line, ", to ");
    line_addr(&line, event != NULL ? &event->dst : &output->to);
    if (output != NULL && output->frame > 0) {
        line_add(&line, output->timed ? ", a timer after frame " : ", because of frame ");
        line_number(&line, output->frame);
    }
    print_line(&line, stdout);
}

static void print_octet(
    const struct rerun *rerun, const struct event *event, const struct output *output)
{
    const uint8_t *octets = event_octets(&rerun->events, event);
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

/*
 * How much older the cause of an output to the same place is that was passed over; -1: there is
 * none. What a server has in hand at the same time it may send in any order: answers of one length
 * leave together.
 */
static int64_t passed_over(const struct rerun *rerun, const struct output *output)
{
    const struct output *oldest = outputs_oldest_like(&rerun->outputs, output);
    return oldest == output ? -1 : output->time_ns - oldest->time_ns;
}

static void meet_same(struct rerun *rerun, const struct output *output, const struct event *event)
{
    int64_t late_ns = event->time_ns - output->time_ns;
    int64_t older_ns = passed_over(rerun, output);
    if (older_ns > rerun->most_older_ns)
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
        rerun->reordered += older_ns >= 0;
        rerun->same++;
    }
}

static void print_difference(
    const struct rerun *rerun, const struct output *output, const struct event *event)
{
    print_place(event, output,
        output == NULL ? "the logic sends nothing" : "the logic sends something else");
    print_octets("  capture: ", event_octets(&rerun->events, event), event->len);
    if (output == NULL)
        return;
    print_octets("  logic:   ", output->octets, output->len);
    print_octet(rerun, event, output);
}

void rerun_meet(struct rerun *rerun, struct output *output, const struct event *event)
{
    if (output != NULL && rerun_same(rerun, output, event))
        meet_same(rerun, output, event);
    else if (differs(rerun))
        print_difference(rerun, output, event);
    if (output == NULL)
        return;
    outputs_remove(output);
}

static void drop_oldest(struct rerun *rerun)
{
    struct output *output = rerun->outputs.all.first;
    if (differs(rerun)) {
        print_place(NULL, output, "the logic sends what the capture does not have");
        print_octets("  logic:   ", output->octets, output->len);
    }
    outputs_remove(output);
}

void rerun_expire(struct rerun *rerun, int64_t now_ns)
{
    while (rerun->outputs.all.first != NULL &&
           now_ns - rerun->outputs.all.first->time_ns > RERUN_MISSED_NS)
        drop_oldest(rerun);
}

void rerun_leftover(struct rerun *rerun)
{
    while (rerun->outputs.all.first != NULL)
        drop_oldest(rerun);
}
