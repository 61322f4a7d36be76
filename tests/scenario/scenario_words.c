#include "scenario/scenario_words.h"

#include <stdio.h>
#include <stdlib.h>

static const char *past_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

bool words_end(const char *rest)
{
    return *past_blanks(rest) == '\0';
}

bool words_next(const char **rest, char word[WORDS_TEXT_MAX])
{
    const char *at = past_blanks(*rest);
    size_t len = strcspn(at, " \t");
    if (len == 0 || len >= WORDS_TEXT_MAX)
        return false;
    memcpy(word, at, len);
    word[len] = '\0';
    if (len > 1 && word[len - 1] == ':')
        word[len - 1] = '\0';
    *rest = at + len;
    return true;
}

bool words_skip(const char **rest, const char *words)
{
    char want[WORDS_TEXT_MAX], got[WORDS_TEXT_MAX];
    const char *at = *rest;
    while (words_next(&words, want))
        if (!words_next(&at, got) || strcmp(want, got) != 0)
            return false;
    *rest = at;
    return true;
}

/* A number with a letter before it (0: none) and a unit behind it. */
static bool measure(const char **rest, char letter, const char *unit, uint64_t *number)
{
    char word[WORDS_TEXT_MAX], *end;
    const char *at = *rest, *digits = word;
    if (!words_next(&at, word) || (letter != 0 && *digits++ != letter))
        return false;
    if (*digits < '0' || *digits > '9')
        return false;
    *number = strtoull(digits, &end, 10);
    if (strcmp(end, unit) != 0)
        return false;
    *rest = at;
    return true;
}

bool words_number(const char **rest, uint64_t *number)
{
    return measure(rest, 0, "", number);
}

bool words_time(const char **rest, nib_ms *time)
{
    uint64_t number;
    if (measure(rest, 0, "ms", &number))
        *time = (nib_ms)number;
    else if (measure(rest, 0, "s", &number))
        *time = (nib_ms)number * 1000;
    else
        return false;
    return true;
}

bool words_label(const char **rest, char letter, uint32_t *number)
{
    uint64_t value;
    if (!measure(rest, letter, "", &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

bool words_addr(const char **rest, uint16_t port, struct nib_addr *addr)
{
    char word[WORDS_TEXT_MAX];
    return words_next(rest, word) &&
           nib_addr_parse((struct nib_text){word, strlen(word)}, port, addr);
}

bool words_hex(const char **rest, uint8_t *out, size_t cap, size_t *len)
{
    char word[WORDS_TEXT_MAX], *end;
    for (*len = 0; !words_end(*rest); (*len)++) {
        if (*len == cap || !words_next(rest, word) || strlen(word) != 2)
            return false;
        out[*len] = (uint8_t)strtoul(word, &end, 16);
        if (*end != '\0')
            return false;
    }
    return true;
}

/* A type's name, or its code as a number, also one that no type has. */
static bool type_word(const char *word, unsigned *code)
{
    enum nib_type type;
    char *end;
    if (nib_type_parse((struct nib_text){word, strlen(word)}, &type)) {
        *code = type;
        return true;
    }
    *code = (unsigned)strtoul(word, &end, 10);
    return end != word && *end == '\0' && *code < 16;
}

bool words_query(const char **rest, struct draft *draft)
{
    char type[WORDS_TEXT_MAX];
    uint64_t id;
    *draft = (struct draft){0};
    if (!words_next(rest, draft->qname) || !words_next(rest, type) ||
        !type_word(type, &draft->qtype) || !words_skip(rest, "id") || !words_number(rest, &id))
        return false;
    draft->id = (uint32_t)id;
    return true;
}

bool words_answer(const char **rest, struct draft *draft)
{
    static const char *const misses[] = {"Record not found", "Server failure"};
    char words[3][WORDS_TEXT_MAX];
    uint64_t ttl = 0;
    int n = 0, miss = -1;
    const char *peek;
    draft->flag = NIB_RESPONSE;
    draft->atype = draft->qtype;
    memcpy(draft->aname, draft->qname, sizeof draft->aname);
    while (!words_end(*rest)) {
        peek = *rest;
        if (words_skip(&peek, "but") || words_skip(&peek, "ttl"))
            break;
        for (int i = 0; i < 2 && miss < 0; i++)
            if (words_skip(rest, misses[i]))
                miss = i;
        if (miss >= 0)
            break;
        if (n == 3 || !words_next(rest, words[n++]))
            return false;
    }
    if (miss < 0 && n == 0)
        return false;
    snprintf(draft->result, sizeof draft->result, "%s", miss < 0 ? words[--n] : misses[miss]);
    if (n > 0 && !type_word(words[--n], &draft->atype))
        return false;
    if (n > 0)
        memcpy(draft->aname, words[--n], sizeof draft->aname);
    if (words_skip(rest, "ttl") && !words_number(rest, &ttl))
        return false;
    draft->ttl = (uint32_t)ttl;
    return n == 0;
}

static bool field(struct draft *draft, const char *name, const char *value)
{
    char *end;
    unsigned long number = strtoul(value, &end, 10);
    bool is_number = end != value && *end == '\0';
    if (strcmp(name, "qname") == 0)
        snprintf(draft->qname, sizeof draft->qname, "%s", value);
    else if (strcmp(name, "aname") == 0)
        snprintf(draft->aname, sizeof draft->aname, "%s", value);
    else if (strcmp(name, "qtype") == 0)
        return type_word(value, &draft->qtype);
    else if (strcmp(name, "atype") == 0)
        return type_word(value, &draft->atype);
    else if (strcmp(name, "id") == 0 && is_number)
        draft->id = (uint32_t)number;
    else if (strcmp(name, "flag") == 0 && is_number && number < 16)
        draft->flag = (unsigned)number;
    else if (strcmp(name, "zero") == 0 && is_number && number < 16)
        draft->zero = (unsigned)number;
    else
        return false;
    return true;
}

bool words_but(const char **rest, struct draft *draft)
{
    char name[WORDS_TEXT_MAX], value[WORDS_TEXT_MAX];
    if (!words_skip(rest, "but"))
        return true;
    while (!words_end(*rest)) {
        if (words_skip(rest, "tail"))
            return words_hex(rest, draft->tail, sizeof draft->tail, &draft->tail_len);
        if (!words_next(rest, name) || !words_next(rest, value) || !field(draft, name, value))
            return false;
    }
    return true;
}

/* ---- octets ---- */

static uint8_t *put_u32(uint8_t *at, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (uint8_t)(value >> shift);
    return at;
}

static uint8_t *put_text(uint8_t *at, const char *text)
{
    size_t len = strlen(text);
    *at++ = (uint8_t)len;
    memcpy(at, text, len);
    return at + len;
}

size_t draft_octets(const struct draft *draft, uint8_t out[WORDS_OCTETS_MAX])
{
    uint8_t *at = put_u32(out, draft->id);
    *at++ = (uint8_t)(draft->flag << 4 | draft->qtype);
    at = put_text(at, draft->qname);
    if (draft->flag != NIB_QUERY) {
        *at++ = (uint8_t)(draft->zero << 4 | draft->atype);
        at = put_text(at, draft->aname);
        at = put_u32(at, draft->ttl);
        at = put_text(at, draft->result);
    }
    memcpy(at, draft->tail, draft->tail_len);
    return (size_t)(at - out) + draft->tail_len;
}
