/*
 * Layer 5: giving up what a server does not need: new privileges (by executing a file that has
 * them), files other than its own and, where the system knows how, every system call but those that
 * serving, reloading and writing take. A call that is not on the list fails with EPERM, whoever
 * gets the process to try it; a file outside with EACCES.
 */
#ifndef NIBDNS_OS_SANDBOX_H
#define NIBDNS_OS_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

struct nib_sandbox_files {
    const char *const *read; /* whose folders' files may be read: names may come to mean others */
    size_t n_read;
    const char *write; /* whose folder's files may be written, until nib_sandbox_enter(); or NULL */
    bool streams;      /* whether TCP is spoken */
};

/*
 * From here on this thread, and each that it starts, opens no other files: to be called before
 * there are any. False: this kernel cannot keep them from it, which is to be said. (Builds that
 * have no sandbox at all, for sanitizers or for other systems, are true.)
 */
bool nib_sandbox_files(const struct nib_sandbox_files *files);

/*
 * For all threads. Files open for writing and listening sockets must be there already. False: this
 * system has no such filter.
 */
bool nib_sandbox_enter(bool streams);

#endif
