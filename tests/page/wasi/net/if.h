/* WASI has no network interfaces. */
#define IF_NAMESIZE 16
static inline unsigned if_nametoindex(const char *name)
{
    (void)name;
    return 0;
}

static inline char *if_indextoname(unsigned number, char *name)
{
    (void)number;
    (void)name;
    return 0;
}
