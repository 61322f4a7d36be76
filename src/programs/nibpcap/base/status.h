/*
 * Layer 7, nibpcap's base: exit statuses, and complaints on standard error.
 */
#ifndef NIBDNS_NIBPCAP_STATUS_H
#define NIBDNS_NIBPCAP_STATUS_H

enum { STATUS_FINE = 0, STATUS_WRONG = 1, STATUS_USE = 2 };

/* "nibpcap dump": what complaints begin with, once a command has begun. */
void complain_as(const char *name);
const char *complain_name(void);

/* One line on standard error: "nibpcap dump: ...". Returns STATUS_USE. */
__attribute__((format(printf, 1, 2))) int complain(const char *format, ...);

/* Flushes standard output: the status, or STATUS_USE, complained of, when it was not written. */
int finish_output(int status);

#endif
