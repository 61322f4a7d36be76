/*
 * Layer 3: the records that the two servers have when they are given no records file: the text of
 * one.
 */
#ifndef NIBDNS_BUILTIN_H
#define NIBDNS_BUILTIN_H

#include "nibdns/rr.h"

/* No records: the header line alone. */
#define NIB_BUILTIN_NONE NIB_RR_HEADER "\n"

#define NIB_BUILTIN_LOCAL                                                                          \
    NIB_BUILTIN_NONE                                                                               \
    "0,www.csusm.edu,A,144.37.5.45,None,1\n"                                                       \
    "1,my.csusm.edu,A,144.37.5.150,None,1\n"                                                       \
    "2,amazone.com,NS,dns.amazone.com,None,1\n"                                                    \
    "3,dns.amazone.com,A,127.0.0.1,None,1\n"

#define NIB_BUILTIN_AMAZONE                                                                        \
    NIB_BUILTIN_NONE                                                                               \
    "0,shop.amazone.com,A,3.33.147.88,None,1\n"                                                    \
    "1,cloud.amazone.com,A,15.197.140.28,None,1\n"

#endif
