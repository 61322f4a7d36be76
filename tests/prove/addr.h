/* Contracts for what src/core/addr.c keeps to itself. */
#include "contracts.h"

/*@ requires text_ok(text);
    assigns \nothing;
    ensures \result <= text.len;
    ensures \result < text.len ==> text.ptr[\result] == c;
 */
static size_t span_to(struct nib_text text, char c);

/*@ requires n <= text.len && text_ok(text);
    assigns \nothing;
    ensures \result.ptr == text.ptr + n && \result.len == text.len - n;
 */
static struct nib_text skip(struct nib_text text, size_t n);

/*@ requires text_ok(text) && \valid(out + (0 .. 1));
    requires \separated(text.ptr + (0 .. text.len - 1), out + (0 .. 1));
    assigns out[0 .. 1];
    ensures !\result ==> same{Pre, Post}(out, out, 2);
    ensures \result ==> 1 <= text.len <= 4;
 */
static bool parse_group(struct nib_text text, uint8_t out[2]);

/*@ requires text_ok(text) && 0 <= cap <= 16 && cap % 2 == 0 && \valid(out + (0 .. cap - 1));
    requires \separated(text.ptr + (0 .. text.len - 1), out + (0 .. cap - 1));
    assigns out[0 .. cap - 1];
    ensures -1 <= \result <= cap && (\result == -1 || \result % 2 == 0);
 */
static int parse_groups(struct nib_text text, uint8_t *out, int cap, bool ipv4_allowed);
