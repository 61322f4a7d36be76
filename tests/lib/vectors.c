#include "lib/vectors.h"

#include <stdlib.h>

/* Which keys a stanza has had. */
struct seen {
    bool name, verdict, id, flag, qtype, qname, atype, aname, ttl, result, outcome, rule, at;
};

static _Noreturn void fault(const struct vectors *vectors, const char *words)
{
    fprintf(stderr, "%s:%zu: %s\n", vectors->path, vectors->line, words);
    exit(2);
}

static unsigned digit(const struct vectors *vectors, char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = c == '\0' ? NULL : strchr(digits, c);
    if (at == NULL)
        fault(vectors, "octets are pairs of hex digits in lower case");
    return (unsigned)(at - digits);
}

static void add_octets(const struct vectors *vectors, struct vector *vector, const char *text)
{
    while (*text != '\0') {
        if (*text == ' ') {
            text++;
            continue;
        }
        if (vector->len == sizeof vector->octets)
            fault(vectors, "too many octets");
        unsigned octet = digit(vectors, text[0]) << 4;
        octet |= digit(vectors, text[1]);
        vector->octets[vector->len++] = (uint8_t)octet;
        text += 2;
    }
}

static uint32_t number(const struct vectors *vectors, const char *text)
{
    uint64_t value = 0;
    if (*text == '\0')
        fault(vectors, "a number is missing");
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            fault(vectors, "not a decimal number");
        value = value * 10 + (uint64_t)(*text - '0');
        if (value > UINT32_MAX)
            fault(vectors, "number above 32 bits");
    }
    return (uint32_t)value;
}

/* Which of the words (NULL at the end) the text is. */
static int choice(const struct vectors *vectors, const char *text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++)
        if (strcmp(text, words[i]) == 0)
            return i;
    fault(vectors, "no such value");
}

static enum nib_type type(const struct vectors *vectors, const char *text)
{
    static const char *const words[] = {"A", "AAAA", "CNAME", "NS", NULL};
    static const uint8_t codes[] = {8, 4, 2, 1};
    return (enum nib_type)codes[choice(vectors, text, words)];
}

static struct nib_text keep(
    const struct vectors *vectors, char into[VECTOR_TEXT_MAX], const char *text)
{
    size_t len = strlen(text);
    if (len >= VECTOR_TEXT_MAX)
        fault(vectors, "text too long");
    memcpy(into, text, len + 1);
    return (struct nib_text){into, len};
}

static bool once(const struct vectors *vectors, const char *key, const char *word, bool *seen)
{
    if (strcmp(key, word) != 0)
        return false;
    if (*seen)
        fault(vectors, "key stands twice");
    *seen = true;
    return true;
}

static bool set_field(const struct vectors *v, struct vector *to, struct seen *seen,
    const char *key, const char *value)
{
    static const char *const outcomes[] = {"found", "not-found", "failure", NULL};
    struct nib_message *m = &to->message;
    if (once(v, key, "id", &seen->id))
        m->id = number(v, value);
    else if (once(v, key, "flag", &seen->flag))
        m->flag = number(v, value) == 0 ? NIB_QUERY : NIB_RESPONSE;
    else if (once(v, key, "qtype", &seen->qtype))
        m->qtype = type(v, value);
    else if (once(v, key, "qname", &seen->qname))
        m->qname = keep(v, to->qname, value);
    else if (once(v, key, "atype", &seen->atype))
        m->atype = type(v, value);
    else if (once(v, key, "aname", &seen->aname))
        m->aname = keep(v, to->aname, value);
    else if (once(v, key, "ttl", &seen->ttl))
        m->ttl_s = number(v, value);
    else if (once(v, key, "result", &seen->result))
        m->result = keep(v, to->result, value);
    else if (once(v, key, "outcome", &seen->outcome))
        m->outcome = (enum nib_outcome)choice(v, value, outcomes);
    else
        return false;
    return true;
}

static void set(const struct vectors *v, struct vector *to, struct seen *seen, char *line)
{
    static const char *const verdicts[] = {"invalid", "valid", NULL};
    char *value = strchr(line, ':');
    if (value == NULL)
        fault(v, "a line is `key: value`");
    *value++ = '\0';
    if (*value == ' ')
        value++;
    if (once(v, line, "name", &seen->name))
        keep(v, to->name, value);
    else if (strcmp(line, "octets") == 0)
        add_octets(v, to, value);
    else if (once(v, line, "verdict", &seen->verdict))
        to->valid = choice(v, value, verdicts) == 1;
    else if (once(v, line, "rule", &seen->rule))
        keep(v, to->rule, value);
    else if (once(v, line, "at", &seen->at))
        to->at = number(v, value);
    else if (!set_field(v, to, seen, line, value))
        fault(v, "no such key");
}

/* A stanza has the keys that its verdict and flag ask for, and no others. */
static void check_keys(const struct vectors *vectors, const struct vector *v, const struct seen *s)
{
    bool question = s->id && s->flag && s->qtype && s->qname;
    bool answer = s->atype && s->aname && s->ttl && s->result && s->outcome;
    bool any = s->id || s->flag || s->qtype || s->qname || s->atype || s->aname || s->ttl ||
               s->result || s->outcome;
    bool any_answer = s->atype || s->aname || s->ttl || s->result || s->outcome;
    bool error = s->rule && s->at;
    if (!s->name || !s->verdict)
        fault(vectors, "stanza without name or verdict");
    if (v->valid && (!question || s->rule || s->at))
        fault(vectors, "a valid vector has id, flag, qtype, qname, and no rule");
    if (v->valid && (v->message.flag == NIB_RESPONSE ? !answer : any_answer))
        fault(vectors, "a response has all fields of an answer, a query none");
    if (!v->valid && (!error || any))
        fault(vectors, "an invalid vector has rule and at, and no fields");
}

void vectors_open(struct vectors *vectors, const char *path)
{
    *vectors = (struct vectors){.path = path, .file = fopen(path, "r")};
    if (vectors->file == NULL)
        fault(vectors, "cannot be read (tests run from the project's root)");
}

bool vectors_next(struct vectors *vectors, struct vector *vector)
{
    char line[1024];
    struct seen seen = {0};
    memset(vector, 0, sizeof *vector);
    while (fgets(line, sizeof line, vectors->file) != NULL) {
        vectors->line++;
        size_t len = strcspn(line, "\n");
        if (line[len] != '\n')
            fault(vectors, "line too long, or without an end");
        line[len] = '\0';
        if (len == 0 && vector->line != 0)
            break;
        if (len == 0 || line[0] == '#')
            continue;
        if (vector->line == 0)
            vector->line = vectors->line;
        set(vectors, vector, &seen, line);
    }
    if (vector->line == 0) {
        fclose(vectors->file);
        return false;
    }
    check_keys(vectors, vector, &seen);
    return true;
}

uint8_t *vector_block(const uint8_t *octets, size_t len)
{
    uint8_t *block = malloc(len);
    if (block == NULL && len > 0)
        exit(2);
    if (len > 0)
        memcpy(block, octets, len);
    return block;
}
