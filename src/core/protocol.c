#include "nibdns/protocol.h"

#define X(symbol, code, name)                                                                      \
    _Static_assert((code) > 0 && (code) < 16, "a type has four bits");                             \
    _Static_assert(sizeof(name) - 1 <= NIB_TYPE_NAME_MAX, "a table's column is too narrow");
NIB_TYPES(X)
#undef X

const char *nib_type_name(enum nib_type type)
{
    switch (type) {
#define X(symbol, code, name)                                                                      \
    case symbol:                                                                                   \
        return name;
        NIB_TYPES(X)
#undef X
    }
    return "?";
}

static bool same_word(struct nib_text text, const char *upper)
{
    size_t i = 0;
    for (; i < text.len && upper[i] != '\0'; i++) {
        char c = text.ptr[i];
        if (c >= 'a' && c <= 'z')
            c = (char)(c - 'a' + 'A');
        if (c != upper[i])
            return false;
    }
    return i == text.len && upper[i] == '\0';
}

bool nib_type_parse(struct nib_text name, enum nib_type *type)
{
#define X(symbol, code, word)                                                                      \
    if (same_word(name, word)) {                                                                   \
        *type = symbol;                                                                            \
        return true;                                                                               \
    }
    NIB_TYPES(X)
#undef X
    return false;
}

const char *nib_err_rule(enum nib_err err)
{
    static const char *const rules[] = {"",
#define X(symbol, rule, words) rule,
        NIB_RULES(X)
#undef X
    };
    return (unsigned)err < NIB_ERR_COUNT ? rules[err] : "";
}

const char *nib_err_words(enum nib_err err)
{
    static const char *const texts[] = {"",
#define X(symbol, rule, words) words,
        NIB_RULES(X)
#undef X
    };
    return (unsigned)err < NIB_ERR_COUNT ? texts[err] : "";
}

const char *nib_mismatch_rule(enum nib_mismatch mismatch)
{
    static const char *const rules[] = {"",
#define X(symbol, rule, words) rule,
        NIB_MISMATCHES(X)
#undef X
    };
    return (unsigned)mismatch < NIB_MISMATCH_COUNT ? rules[mismatch] : "";
}

const char *nib_mismatch_words(enum nib_mismatch mismatch)
{
    static const char *const texts[] = {"",
#define X(symbol, rule, words) words,
        NIB_MISMATCHES(X)
#undef X
    };
    return (unsigned)mismatch < NIB_MISMATCH_COUNT ? texts[mismatch] : "";
}
