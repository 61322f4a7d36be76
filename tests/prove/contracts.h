/*
 * What the codec promises, as ACSL contracts for Frama-C's WP (tools/check/prove.sh). They stand
 * here and not in the headers that people read; the loops' invariants stand at the loops.
 *
 * The proof takes plain char as unsigned char, as on ARM, so that a text and the octets that it is
 * borrowed from are one kind of memory. Texts of a miss, string literals in the code, are arrays.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define char unsigned char
#define memcpy prove_copy
#define memcmp prove_compare

/* ---- memory ---- */

/*@ predicate octets_at(uint8_t *p, integer n) = \valid_read(p + (0 .. n - 1));
    predicate same{A, B}(uint8_t *a, uint8_t *b, integer n) =
        \forall integer i; 0 <= i < n ==> \at(a[i], A) == \at(b[i], B);
 */

/*@ requires \valid((uint8_t *)to + (0 .. n - 1));
    requires octets_at((uint8_t *)from, n);
    requires \separated((uint8_t *)to + (0 .. n - 1), (uint8_t *)from + (0 .. n - 1));
    assigns ((uint8_t *)to)[0 .. n - 1], \result;
    exits \false;
    ensures same{Post, Pre}((uint8_t *)to, (uint8_t *)from, n);
    ensures \result == to;
 */
void *prove_copy(void *to, const void *from, size_t n);

/*@ requires octets_at((uint8_t *)a, n) && octets_at((uint8_t *)b, n);
    assigns \result;
    ensures \result == 0 <==> same{Pre, Pre}((uint8_t *)a, (uint8_t *)b, n);
 */
int prove_compare(const void *a, const void *b, size_t n);

#include "nibdns/addr.h"
#include "nibdns/cursor.h"
#include "nibdns/message.h"
#include "nibdns/name.h"

#undef NIB_TEXT
#undef NIB_TEXT_NOT_FOUND
#undef NIB_TEXT_FAILURE
static const char no_text[1];
static const char not_found_text[16] = {
    'R', 'e', 'c', 'o', 'r', 'd', ' ', 'n', 'o', 't', ' ', 'f', 'o', 'u', 'n', 'd'};
static const char failure_text[14] = {
    'S', 'e', 'r', 'v', 'e', 'r', ' ', 'f', 'a', 'i', 'l', 'u', 'r', 'e'};
#define NIB_TEXT(literal) ((struct nib_text){no_text, sizeof(literal) - 1})
#define NIB_TEXT_NOT_FOUND ((struct nib_text){not_found_text, 16})
#define NIB_TEXT_FAILURE ((struct nib_text){failure_text, 14})

/* What shifts and masks by these numbers are; Frama-C 25's theory of bits stops short of it. */
/*@ axiomatic Nibbles {
        axiom low_4: \forall integer x; x >= 0 ==> (x & 15) == x % 0x10;
        axiom right_4: \forall integer x; x >= 0 ==> (x >> 4) == x / 0x10;
    }
 */
#ifdef PROVE_CURSORS
/*@ axiomatic Shifts {
        axiom left_8: \forall integer x; (x << 8) == x * 0x100;
        axiom left_16: \forall integer x; (x << 16) == x * 0x10000;
        axiom left_24: \forall integer x; (x << 24) == x * 0x1000000;
    }
 */
#endif

/* ---- what names and addresses are ---- */

/*
 * A name is spelt out where names are checked. Elsewhere, all that is known is that it depends on
 * its octets alone.
 */
#ifdef PROVE_NAMES
/*@ predicate label_octet(integer c) =
        'A' <= c <= 'Z' || 'a' <= c <= 'z' || '0' <= c <= '9' || c == '-' || c == '_';

    // NIB-3.2 to 3.4 for the octet at i of a name of n octets
    predicate name_octet_fits(uint8_t *at, integer n, integer i) =
        (label_octet(at[i]) || at[i] == '.') &&
        (at[i] == '.' ==> 0 < i < n - 1 && at[i - 1] != '.') &&
        (at[i] != '.' && i >= NIB_LABEL_MAX ==>
            \exists integer j; i - NIB_LABEL_MAX <= j < i && at[j] == '.');
    predicate is_name(uint8_t *at, integer n) =
        1 <= n <= NIB_NAME_MAX && \forall integer i; 0 <= i < n ==> name_octet_fits(at, n, i);

    lemma same_octet{A, B}: \forall uint8_t *a, *b, integer n, i;
        0 <= i < n && same{A, B}(a, b, n) ==>
            (name_octet_fits{A}(a, n, i) <==> name_octet_fits{B}(b, n, i));
    lemma same_name{A, B}: \forall uint8_t *a, *b, integer n;
        same{A, B}(a, b, n) ==> (is_name{A}(a, n) <==> is_name{B}(b, n));
 */
#else
/*@ axiomatic Names {
        predicate is_name{L}(uint8_t *at, integer n) reads at[0 .. n - 1];
        axiom same_name{A, B}: \forall uint8_t *a, *b, integer n;
            same{A, B}(a, b, n) ==> (is_name{A}(a, n) <==> is_name{B}(b, n));
        axiom name_len{L}: \forall uint8_t *a, integer n;
            is_name(a, n) ==> 1 <= n <= NIB_NAME_MAX;
    }
 */
#endif

/*
 * That a parser says the same of the same text is by its form (it reads nothing else); what it
 * accepts is for the tests to say.
 */
/*@ axiomatic Addresses {
        predicate is_ipv4{L}(uint8_t *at, integer n) reads at[0 .. n - 1];
        predicate is_ipv6{L}(uint8_t *at, integer n) reads at[0 .. n - 1];
        axiom same_ipv4{A, B}: \forall uint8_t *a, *b, integer n;
            same{A, B}(a, b, n) ==> (is_ipv4{A}(a, n) <==> is_ipv4{B}(b, n));
        axiom same_ipv6{A, B}: \forall uint8_t *a, *b, integer n;
            same{A, B}(a, b, n) ==> (is_ipv6{A}(a, n) <==> is_ipv6{B}(b, n));
    }
 */

/* ---- texts ---- */

/*@ predicate text_ok(struct nib_text t) = octets_at(t.ptr, t.len);
    predicate same_text{A, B}(struct nib_text a, struct nib_text b) =
        a.len == b.len && same{A, B}(a.ptr, b.ptr, a.len);
 */

/*@ requires a.len == b.len ==> text_ok(a) && text_ok(b);
    assigns \nothing;
    ensures \result <==> same_text{Pre, Pre}(a, b);
 */
static inline bool nib_text_same(struct nib_text a, struct nib_text b);

/* ---- the reader ---- */

/*@ predicate reader_ok(struct nib_reader *r) =
        \valid(r) && r->off <= r->len && octets_at(r->octets, r->len);
    predicate reader_kept{A, B}(struct nib_reader *r) = \at(r->off, A) == \at(r->off, B) &&
        \at(r->err, A) == \at(r->err, B) && \at(r->err_off, A) == \at(r->err_off, B);
    predicate failed_in(struct nib_reader *r) = r->err != NIB_OK ==> r->err_off <= r->len;

    logic integer be32(uint8_t *p) = p[0] * 0x1000000 + p[1] * 0x10000 + p[2] * 0x100 + p[3];
 */

/*@ assigns \nothing;
    ensures \result.octets == octets && \result.len == len && \result.off == 0;
    ensures \result.err == NIB_OK && \result.err_off == 0;
 */
static inline struct nib_reader nib_reader_init(const uint8_t *octets, size_t len);

/*@ requires \valid(r) && err != NIB_OK;
    assigns r->err, r->err_off;
    ensures \old(r->err) == NIB_OK ==> r->err == err && r->err_off == at;
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
 */
static inline void nib_reader_fail(struct nib_reader *r, enum nib_err err, size_t at);

/*@ requires reader_ok(r) && failed_in(r);
    assigns r->off, r->err, r->err_off, \result;
    ensures reader_ok(r) && failed_in(r);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && n <= r->len - \old(r->off);
    ensures r->err == NIB_OK && n > 0 ==> \result != \null;
    ensures r->err != NIB_OK ==> \result == \null;
    ensures r->err == NIB_OK ==>
        \result == r->octets + \old(r->off) && r->off == \old(r->off) + n;
    ensures r->err != NIB_OK ==> r->off == \old(r->off);
 */
static inline const uint8_t *nib_reader_take(struct nib_reader *r, size_t n);

/*@ requires reader_ok(r) && failed_in(r);
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && 1 <= r->len - \old(r->off);
    ensures r->err == NIB_OK ==>
        r->off == \old(r->off) + 1 && \result == r->octets[\old(r->off)];
    ensures r->err != NIB_OK ==> r->off == \old(r->off) && \result == 0;
 */
static inline uint8_t nib_reader_u8(struct nib_reader *r);

/*@ requires reader_ok(r) && failed_in(r);
    assigns r->off, r->err, r->err_off;
    ensures reader_ok(r) && failed_in(r);
    ensures \old(r->err) != NIB_OK ==> reader_kept{Pre, Post}(r);
    ensures r->err == NIB_OK <==> \old(r->err) == NIB_OK && 4 <= r->len - \old(r->off);
    ensures r->err == NIB_OK ==>
        r->off == \old(r->off) + 4 && \result == be32(r->octets + \old(r->off));
    ensures r->err != NIB_OK ==> r->off == \old(r->off) && \result == 0;
 */
static inline uint32_t nib_reader_u32(struct nib_reader *r);

/* ---- the writer ---- */

/*@ predicate writer_ok(struct nib_writer *w) =
        \valid(w) && w->off <= w->cap && \valid(w->octets + (0 .. w->cap - 1));
    predicate fits{L}(struct nib_writer *w, integer n) = !w->full && n <= w->cap - w->off;
 */

/*@ assigns \nothing;
    ensures \result.octets == octets && \result.cap == cap && \result.off == 0 && !\result.full;
 */
static inline struct nib_writer nib_writer_init(uint8_t *octets, size_t cap);

/*@ requires writer_ok(w) && octets_at((uint8_t *)octets, n);
    requires \separated((uint8_t *)octets + (0 .. n - 1), w->octets + (0 .. w->cap - 1));
    assigns w->off, w->full, w->octets[w->off .. w->cap - 1];
    exits \false;
    ensures writer_ok(w);
    ensures !w->full <==> fits{Pre}(w, n);
    ensures w->off == \old(w->off) + (w->full ? 0 : n);
    ensures !w->full ==> same{Post, Pre}(w->octets + \old(w->off), (uint8_t *)octets, n);
    ensures w->full ==> same{Post, Pre}(w->octets, w->octets, w->cap);
 */
static inline void nib_writer_octets(struct nib_writer *w, const void *octets, size_t n);

/*@ requires writer_ok(w);
    assigns w->off, w->full, w->octets[w->off .. w->cap - 1];
    exits \false;
    ensures writer_ok(w);
    ensures !w->full <==> fits{Pre}(w, 1);
    ensures w->off == \old(w->off) + (w->full ? 0 : 1);
    ensures !w->full ==> w->octets[\old(w->off)] == value;
 */
static inline void nib_writer_u8(struct nib_writer *w, uint8_t value);

/*@ requires writer_ok(w);
    assigns w->off, w->full, w->octets[w->off .. w->cap - 1];
    exits \false;
    ensures writer_ok(w);
    ensures !w->full <==> fits{Pre}(w, 4);
    ensures w->off == \old(w->off) + (w->full ? 0 : 4);
 */
static inline void nib_writer_u32(struct nib_writer *w, uint32_t value);

/*@ requires writer_ok(w) && text_ok(text);
    requires \separated(text.ptr + (0 .. text.len - 1), w->octets + (0 .. w->cap - 1));
    assigns w->off, w->full, w->octets[w->off .. w->cap - 1];
    exits \false;
    ensures writer_ok(w);
    ensures !w->full <==> fits{Pre}(w, text.len);
    ensures w->off == \old(w->off) + (w->full ? 0 : text.len);
    ensures !w->full ==> same{Post, Pre}(w->octets + \old(w->off), text.ptr, text.len);
 */
static inline void nib_writer_text(struct nib_writer *w, struct nib_text text);

/*@ requires \valid_read(w);
    assigns \nothing;
    ensures \result == (w->full ? 0 : w->off);
 */
static inline size_t nib_writer_done(const struct nib_writer *w);

/* ---- names ---- */

/*@ requires \valid(bad) && text_ok(name);
    assigns *bad;
    ensures *bad == 0 || 0 < *bad < name.len;
    ensures \result == NIB_OK ==> is_name(name.ptr, name.len);
    ensures \result != NIB_OK ==> !is_name(name.ptr, name.len);
 */
enum nib_err nib_name_check(struct nib_text name, size_t *bad);

/*@ requires text_ok(a) && text_ok(b) && a.len <= NIB_NAME_MAX;
    assigns \nothing;
 */
bool nib_name_equal(struct nib_text a, struct nib_text b);

/*@ requires text_ok(name) && name.len <= NIB_NAME_MAX;
    assigns \nothing;
 */
uint64_t nib_name_hash(struct nib_text name, uint64_t seed);

/*@ requires text_ok(text) && text.len <= NIB_NAME_MAX;
    assigns \nothing;
 */
uint64_t nib_text_hash(struct nib_text text, uint64_t seed);

/*@ requires text_ok(name) && text_ok(domain);
    requires name.len <= NIB_NAME_MAX && domain.len <= NIB_NAME_MAX;
    assigns \nothing;
 */
bool nib_name_is_under(struct nib_text name, struct nib_text domain);

/*@ requires text_ok(name);
    assigns \nothing;
    ensures text_ok(\result) && \result.len <= name.len;
    ensures \result.ptr + \result.len == name.ptr + name.len;
    ensures name.len > 0 ==> \result.len < name.len;
    ensures \result.len > 0 ==> \result.ptr[-1] == '.';
    ensures \forall integer i; 0 <= i < name.len - \result.len - 1 ==> name.ptr[i] != '.';
 */
struct nib_text nib_name_parent(struct nib_text name);

/* ---- addresses ---- */

/*@ requires text_ok(text) && \valid(out + (0 .. 3));
    requires \separated(text.ptr + (0 .. text.len - 1), out + (0 .. 3));
    assigns out[0 .. 3];
    ensures !\result ==> same{Pre, Post}(out, out, 4);
    admit ensures \result <==> is_ipv4{Pre}(text.ptr, text.len);
 */
bool nib_ipv4_parse(struct nib_text text, uint8_t out[4]);

/*@ requires text_ok(text) && text.len < SIZE_MAX && \valid(out + (0 .. 15));
    requires \separated(text.ptr + (0 .. text.len - 1), out + (0 .. 15));
    assigns out[0 .. 15];
    ensures !\result ==> same{Pre, Post}(out, out, 16);
    admit ensures \result <==> is_ipv6{Pre}(text.ptr, text.len);
 */
bool nib_ipv6_parse(struct nib_text text, uint8_t out[16]);

/* ---- messages ---- */

/* The texts of a miss, spelt out where results are told apart, and like names elsewhere. */
#ifdef PROVE_MISSES
/*@ predicate is_not_found(uint8_t *at, integer n) =
        n == 16 &&
        at[0] == 'R' && at[1] == 'e' && at[2] == 'c' && at[3] == 'o' && at[4] == 'r' &&
        at[5] == 'd' && at[6] == ' ' && at[7] == 'n' && at[8] == 'o' && at[9] == 't' &&
        at[10] == ' ' && at[11] == 'f' && at[12] == 'o' && at[13] == 'u' && at[14] == 'n' &&
        at[15] == 'd';
    predicate is_failure(uint8_t *at, integer n) =
        n == 14 &&
        at[0] == 'S' && at[1] == 'e' && at[2] == 'r' && at[3] == 'v' && at[4] == 'e' &&
        at[5] == 'r' && at[6] == ' ' && at[7] == 'f' && at[8] == 'a' && at[9] == 'i' &&
        at[10] == 'l' && at[11] == 'u' && at[12] == 'r' && at[13] == 'e';
    lemma same_not_found{A, B}: \forall uint8_t *a, *b, integer n;
        same{A, B}(a, b, n) ==> (is_not_found{A}(a, n) <==> is_not_found{B}(b, n));
    lemma same_failure{A, B}: \forall uint8_t *a, *b, integer n;
        same{A, B}(a, b, n) ==> (is_failure{A}(a, n) <==> is_failure{B}(b, n));
 */
#else
/*@ axiomatic Misses {
        predicate is_not_found{L}(uint8_t *at, integer n) reads at[0 .. n - 1];
        predicate is_failure{L}(uint8_t *at, integer n) reads at[0 .. n - 1];
        axiom same_not_found{A, B}: \forall uint8_t *a, *b, integer n;
            same{A, B}(a, b, n) ==> (is_not_found{A}(a, n) <==> is_not_found{B}(b, n));
        axiom same_failure{A, B}: \forall uint8_t *a, *b, integer n;
            same{A, B}(a, b, n) ==> (is_failure{A}(a, n) <==> is_failure{B}(b, n));
    }
 */
#endif

/*@ predicate is_type(integer c) = c == NIB_A || c == NIB_AAAA || c == NIB_CNAME || c == NIB_NS;
    predicate is_result(integer type, uint8_t *at, integer n) =
        1 <= n <= NIB_RESULT_MAX && (type == NIB_A ==> is_ipv4(at, n)) &&
        (type == NIB_AAAA ==> is_ipv6(at, n)) &&
        (type == NIB_CNAME || type == NIB_NS ==> is_name(at, n));
 */

/*@ requires text_ok(result);
    assigns \nothing;
    ensures \result == NIB_NOT_FOUND <==> is_not_found(result.ptr, result.len);
    ensures \result == NIB_FAILURE <==> is_failure(result.ptr, result.len);
    ensures \result == NIB_FOUND || \result == NIB_NOT_FOUND || \result == NIB_FAILURE;
 */
enum nib_outcome nib_result_outcome(struct nib_text result);

/*@ requires text_ok(result) && is_type(type) && \valid(bad);
    assigns *bad;
    ensures *bad == 0 || 0 < *bad < result.len;
    ensures \result == NIB_OK <==> is_result(type, result.ptr, result.len);
 */
enum nib_err nib_result_check(enum nib_type type, struct nib_text result, size_t *bad);

/*
 * NIB-2: the octets p[0 .. n - 1] are a message. q is the length of its question name; in a
 * response a is the length of its answer name and z where its TTL begins.
 */
/*@ predicate is_head(uint8_t *p, integer n) =
        n >= 7 && p[4] / 16 <= 1 && is_type(p[4] % 16) && 1 <= p[5] <= NIB_NAME_MAX &&
        6 + p[5] <= n && is_name(p + 6, p[5]);
    predicate is_answer_name(uint8_t *p, integer n, integer q) =
        n >= 8 + q && p[6 + q] / 16 == 0 && is_type(p[6 + q] % 16) &&
        1 <= p[7 + q] <= NIB_NAME_MAX && 8 + q + p[7 + q] <= n && is_name(p + 8 + q, p[7 + q]);
    predicate is_miss(uint8_t *at, integer n) = is_not_found(at, n) || is_failure(at, n);
    predicate is_answer(integer type, integer ttl_s, uint8_t *at, integer n) =
        is_miss(at, n) ? ttl_s == 0 : is_result(type, at, n);
    predicate is_answer_rest(uint8_t *p, integer n, integer type, integer z) =
        n >= z + 5 && be32(p + z) <= NIB_TTL_MAX && 1 <= p[z + 4] <= NIB_RESULT_MAX &&
        n == z + 5 + p[z + 4] && is_answer(type, be32(p + z), p + z + 5, p[z + 4]);
    predicate is_query(uint8_t *p, integer n) =
        is_head(p, n) && p[4] / 16 == NIB_QUERY && n == 6 + p[5];
    predicate is_tail(uint8_t *p, integer n) =
        is_answer_name(p, n, p[5]) &&
        is_answer_rest(p, n, p[6 + p[5]] % 16, 8 + p[5] + p[7 + p[5]]);
    predicate is_response(uint8_t *p, integer n) =
        is_head(p, n) && p[4] / 16 == NIB_RESPONSE && is_tail(p, n);

    predicate head_read{L}(struct nib_message m, uint8_t *p) =
        m.id == be32(p) && m.flag == p[4] / 16 && m.qtype == p[4] % 16 &&
        m.qname.ptr == p + 6 && m.qname.len == p[5];
    predicate answer_read{L}(struct nib_message m, uint8_t *p, integer q, integer z) =
        m.atype == p[6 + q] % 16 && m.aname.ptr == p + 8 + q && m.aname.len == p[7 + q] &&
        m.ttl_s == be32(p + z) && m.result.ptr == p + z + 5 && m.result.len == p[z + 4];
    logic integer said_len(struct nib_message m) = m.flag == NIB_QUERY ? 6 + m.qname.len :
        6 + m.qname.len + 2 + m.aname.len + 4 + 1 + m.result.len;
    predicate message_read{L}(struct nib_message m, uint8_t *p) = head_read(m, p) &&
        (m.flag == NIB_QUERY ||
            answer_read(m, p, m.qname.len, 8 + m.qname.len + m.aname.len));
 */

/*@ requires octets_at(octets, len) && \valid(message) && \valid(bad);
    requires \separated(message, bad);
    assigns *message, *bad;
    ensures \result == NIB_OK ==> is_query(octets, len) || is_response(octets, len);
    ensures is_query(octets, len) ==> \result == NIB_OK;
    ensures is_response(octets, len) ==> \result == NIB_OK;
    ensures \result == NIB_OK ==> message_read(*message, octets);
    ensures \result == NIB_OK ==> len == said_len(*message);
    ensures \result != NIB_OK ==> *message == \old(*message) && *bad <= len;
    ensures \result == NIB_OK ==> *bad == \old(*bad);
 */
enum nib_err nib_message_decode(
    struct nib_message *message, const uint8_t *octets, size_t len, size_t *bad);

/*@ predicate encodes(struct nib_message *m) =
        1 <= m->qname.len <= NIB_NAME_MAX &&
        (m->flag == NIB_RESPONSE ==>
            1 <= m->aname.len <= NIB_NAME_MAX && 1 <= m->result.len <= NIB_RESULT_MAX);
 */

/*@ requires \valid_read(message) && \valid(out + (0 .. cap - 1));
    requires text_ok(message->qname);
    requires \separated(message, out + (0 .. cap - 1));
    requires \separated(message->qname.ptr + (0 .. message->qname.len - 1), out + (0 .. cap - 1));
    requires is_type(message->qtype);
    requires message->flag == NIB_QUERY || message->flag == NIB_RESPONSE;
    requires message->flag == NIB_RESPONSE ==> is_type(message->atype) &&
        text_ok(message->aname) && text_ok(message->result) &&
        \separated(message->aname.ptr + (0 .. message->aname.len - 1), out + (0 .. cap - 1)) &&
        \separated(message->result.ptr + (0 .. message->result.len - 1), out + (0 .. cap - 1));
    assigns out[0 .. cap - 1];
    ensures \result <= cap;
    ensures \result == 0 <==> !encodes(message) || cap < said_len(*message);
    ensures \result != 0 ==> \result == said_len(*message);
 */
size_t nib_message_encode(uint8_t *out, size_t cap, const struct nib_message *message);

/*@ requires \valid_read(query) && \valid_read(response) && text_ok(query->qname);
    requires text_ok(response->qname) && text_ok(response->aname);
    assigns \nothing;
    ensures \result == NIB_FITS <==> response->flag == NIB_RESPONSE && response->id == query->id &&
        response->qtype == query->qtype && same_text{Pre, Pre}(response->qname, query->qname) &&
        same_text{Pre, Pre}(response->aname, query->qname) &&
        (response->atype == query->qtype || response->atype == NIB_CNAME);
 */
enum nib_mismatch nib_message_fits(
    const struct nib_message *query, const struct nib_message *response);
