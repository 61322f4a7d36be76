#include "nibdns/cursor.h"
#include "nibdns/dns.h"

static void put_name(struct nib_writer *w, const struct nib_dns_name *name)
{
    if (name->len <= 1)
        nib_writer_u8(w, '.');
    for (size_t i = 0; i < name->len && name->octets[i] > 0; i += 1u + name->octets[i]) {
        if (i > 0)
            nib_writer_u8(w, '.');
        nib_writer_escaped(
            w, (struct nib_text){(const char *)&name->octets[i + 1], name->octets[i]});
    }
}

static void put_type(struct nib_writer *w, uint16_t code)
{
    enum nib_type type;
    if (nib_dns_type_known(code, &type)) {
        nib_writer_word(w, nib_type_name(type));
        return;
    }
    nib_writer_word(w, "TYPE"); /* RFC 3597, section 5 */
    nib_writer_decimal(w, code);
}

size_t nib_dns_line(const struct nib_dns_message *message, char out[NIB_DNS_LINE_MAX])
{
    struct nib_writer w = nib_writer_init((uint8_t *)out, NIB_DNS_LINE_MAX - 1);
    bool response = (message->flags & NIB_DNS_QR) != 0;
    nib_writer_word(&w, response ? "DNS response " : "DNS query ");
    if (response) {
        nib_writer_word(&w, nib_dns_rcode_name(message->rcode));
        nib_writer_u8(&w, ' ');
    }
    if (message->n_questions > 0) {
        put_type(&w, message->qtype);
        nib_writer_u8(&w, ' ');
        put_name(&w, &message->qname);
        nib_writer_u8(&w, ' ');
    }
    nib_writer_word(&w, "id ");
    nib_writer_decimal(&w, message->id);
    if (response) {
        nib_writer_word(&w, " answers ");
        nib_writer_decimal(&w, message->n_answers);
    }
    if ((message->flags & NIB_DNS_TC) != 0)
        nib_writer_word(&w, " truncated");
    out[w.off] = '\0';
    return w.off;
}
