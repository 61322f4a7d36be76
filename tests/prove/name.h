/* Contracts for what src/core/name.c keeps to itself. */
#define PROVE_NAMES
#include "contracts.h"

/*@ requires \valid(bad) && text_ok(name) && 1 <= name.len <= NIB_NAME_MAX;
    assigns *bad;
    ensures 0 <= *bad < name.len;
    ensures \result == NIB_OK ==> is_name(name.ptr, name.len);
    ensures \result != NIB_OK ==> !name_octet_fits(name.ptr, name.len, *bad);
 */
static enum nib_err check_labels(struct nib_text name, size_t *bad);

/*@ requires text_ok(name) && label <= name.len <= NIB_NAME_MAX;
    assigns \nothing;
    ensures label <= \result <= name.len;
    ensures \forall integer i; label <= i < \result ==> label_octet(name.ptr[i]);
    ensures \result < name.len ==> !label_octet(name.ptr[\result]);
 */
static size_t label_end(struct nib_text name, size_t label);

/*@ requires octets_at(at, 8);
    assigns \nothing;
 */
static inline uint64_t load64(const char *at);

/*@ requires text_ok(text) && text.len < 8;
    assigns \nothing;
 */
static uint64_t load_short(struct nib_text text);

/*@ requires 0 < by < 64;
    assigns \nothing;
 */
static inline uint64_t rotate(uint64_t x, int by);

struct sip;

/*@ requires \valid(s);
    assigns *s;
 */
static inline void sip_round(struct sip *s);

/*@ requires \valid(s);
    assigns *s;
 */
static inline void sip_word(struct sip *s, uint64_t word);

/*@ requires text_ok(text) && text.len <= NIB_NAME_MAX;
    assigns \nothing;
 */
static inline uint64_t sip_text(struct nib_text text, uint64_t fold, uint64_t seed);
