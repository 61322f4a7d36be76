/* Contracts for what src/core/message.c keeps to itself. */
#include "contracts.h"

/*@ assigns \nothing;
    ensures \result <==> is_type(code);
 */
static bool is_type(unsigned code);

/*@ predicate text_field(struct nib_reader *r, integer max) =
        1 <= r->len - r->off && 1 <= r->octets[r->off] <= max &&
        1 + r->octets[r->off] <= r->len - r->off;
    predicate text_read{A, B}(struct nib_reader *r, struct nib_text t) =
        t.ptr == \at(r->octets + r->off + 1, A) && t.len == \at(r->octets[r->off], A) &&
        \at(r->off, B) == \at(r->off, A) + 1 + t.len;
 */

/*@ requires reader_ok(r) && failed_in(r) && len_err != NIB_OK && max <= NIB_NAME_MAX;
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r) && text_ok(\result);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && text_field{Pre}(r, max);
    ensures r->err == NIB_OK ==> text_read{Pre, Post}(r, \result);
    ensures \result.len <= 255;
 */
static struct nib_text read_text(struct nib_reader *r, size_t max, enum nib_err len_err);

/*@ requires reader_ok(r) && failed_in(r) && text_ok(known);
    requires r->err == NIB_OK && known.len > 0 ==> is_name(known.ptr, known.len);
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r) && text_ok(\result);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK ==> \old(r->err) == NIB_OK && text_field{Pre}(r, NIB_NAME_MAX);
    ensures r->err == NIB_OK ==> is_name(r->octets + \old(r->off) + 1, r->octets[\old(r->off)]);
    ensures \old(r->err) == NIB_OK && text_field{Pre}(r, NIB_NAME_MAX) &&
        is_name(r->octets + \old(r->off) + 1, r->octets[\old(r->off)]) ==> r->err == NIB_OK;
    ensures r->err == NIB_OK ==>
        text_read{Pre, Post}(r, \result) && is_name(\result.ptr, \result.len);
 */
static struct nib_text read_name(struct nib_reader *r, struct nib_text known);

/*@ requires reader_ok(r) && failed_in(r) && upper_max <= 1;
    requires upper_err != NIB_OK && type_err != NIB_OK;
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && 1 <= r->len - \old(r->off) &&
        r->octets[\old(r->off)] / 16 <= upper_max && is_type(r->octets[\old(r->off)] % 16);
    ensures r->err == NIB_OK ==>
        r->off == \old(r->off) + 1 && \result == r->octets[\old(r->off)];
    ensures \result <= 255;
 */
static unsigned read_packed(
    struct nib_reader *r, unsigned upper_max, enum nib_err upper_err, enum nib_err type_err);

/*@ requires reader_ok(r) && failed_in(r);
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && 4 <= r->len - \old(r->off) &&
        be32(r->octets + \old(r->off)) <= NIB_TTL_MAX;
    ensures r->err == NIB_OK ==>
        r->off == \old(r->off) + 4 && \result == be32(r->octets + \old(r->off));
 */
static uint32_t read_ttl(struct nib_reader *r);

/*@ requires reader_ok(r) && r->err == NIB_OK && text_ok(result);
    requires is_type(type) && 1 <= result.len <= NIB_RESULT_MAX && result.len + 5 <= r->off;
    assigns r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures r->err == NIB_OK <==> is_answer(type, ttl_s, result.ptr, result.len);
 */
static enum nib_outcome check_result(
    struct nib_reader *r, enum nib_type type, uint32_t ttl_s, struct nib_text result);

/*@ predicate head_kept(struct nib_message m, struct nib_message was) =
        m.id == was.id && m.flag == was.flag && m.qtype == was.qtype &&
        m.qname.ptr == was.qname.ptr && m.qname.len == was.qname.len;
 */

/*@ predicate good{L}(struct nib_reader *r) =
        \at(r->err, L) == NIB_OK && is_tail{L}(\at(r->octets, L), \at(r->len, L));
 */

/*@ requires reader_ok(r) && failed_in(r) && text_ok(m.qname);
    requires r->err == NIB_OK ==> is_name(m.qname.ptr, m.qname.len) && m.qname.len == r->octets[5]
   && r->off == 6 + m.qname.len; assigns r->off, r->err, r->err_off; ensures reader_ok(r) &&
   failed_in(r) && head_kept(\result, m); ensures r->err == NIB_OK ==> \old(r->err) == NIB_OK;
    ensures r->err == NIB_OK ==> is_tail(r->octets, r->off);
    ensures r->err == NIB_OK ==>
        answer_read(\result, r->octets, m.qname.len, 8 + m.qname.len + \result.aname.len);
    ensures good{Pre}(r) ==> r->err == NIB_OK && r->off == r->len;
 */
static struct nib_message read_answer(struct nib_reader *r, struct nib_message m);

/*@ requires reader_ok(r) && r->off == 0 && r->err == NIB_OK;
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r) && text_ok(\result.qname);
    ensures r->err == NIB_OK ==> head_read(\result, r->octets);
    ensures r->err == NIB_OK ==> r->off == 6 + \result.qname.len;
    ensures r->err == NIB_OK ==> is_name(\result.qname.ptr, \result.qname.len);
    ensures r->err == NIB_OK ==> is_head(r->octets, r->len);
    ensures is_head(r->octets, r->len) ==> r->err == NIB_OK;
 */
static struct nib_message read_head(struct nib_reader *r);

/*@ requires reader_ok(r) && r->off == 0 && r->err == NIB_OK;
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures r->err == NIB_OK ==> message_read(\result, r->octets);
    ensures r->err == NIB_OK ==> r->len == said_len(\result);
    ensures r->err == NIB_OK ==> is_query(r->octets, r->len) || is_response(r->octets, r->len);
    ensures is_query(r->octets, r->len) ==> r->err == NIB_OK;
    ensures is_response(r->octets, r->len) ==> r->err == NIB_OK;
 */
static struct nib_message read_message(struct nib_reader *r);

/*@ requires writer_ok(w) && text_ok(text) && max <= NIB_NAME_MAX;
    requires \separated(text.ptr + (0 .. text.len - 1), w->octets + (0 .. w->cap - 1));
    assigns w->off, w->full, w->octets[w->off .. w->cap - 1];
    exits \false;
    ensures writer_ok(w);
    ensures !w->full <==> fits{Pre}(w, 1 + text.len) && 1 <= text.len <= max;
    ensures !w->full ==> w->off == \old(w->off) + 1 + text.len &&
        w->octets[\old(w->off)] == text.len &&
        same{Post, Pre}(w->octets + \old(w->off) + 1, text.ptr, text.len);
 */
static void write_text(struct nib_writer *w, struct nib_text text, size_t max);
