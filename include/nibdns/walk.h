/*
 * Layer 4: a walk down the tree (NIB-8.32): one lookup that begins at an authoritative server of
 * the top and follows referrals and CNAMEs itself. It is a local server's logic for one lookup at a
 * time, which forgets what it learnt before the next. Its queries are appended to the caller's list,
 * one socket at a time.
 */
#ifndef NIBDNS_WALK_H
#define NIBDNS_WALK_H

#include "nibdns/local.h"

struct nib_walk_config {
    struct nib_addr server; /* of the top; those referred to are asked on its port */
    nib_ms timeout_ms; /* of the first try at each server; each further one waits twice as long */
    uint32_t tries;
    uint64_t seed, letters_seed; /* secrets */
};

struct nib_walk {
    struct nib_local local;
    struct nib_table table;
    struct nib_zone zone;
    struct nib_slot slot;  /* the socket of the moment */
    struct nib_addr asked; /* and whom it asks */
    uint32_t datagrams;    /* sent in this walk */
    uint64_t heard;        /* responses of earlier walks */
    /* of a walk that has ended */
    bool ended, silent; /* silent: nobody has answered anything */
    enum nib_outcome outcome;
    uint32_t ttl_s;
    size_t result_len;
    char result[NIB_RESULT_MAX];
};

/* Each call appends so many outputs at most. */
enum { NIB_WALK_OUTPUTS = 12 };

/* Memory is zero, aligned for 64 octets, and stays the caller's. */
size_t nib_walk_bytes(void);
void nib_walk_open(struct nib_walk *walk, void *memory, const struct nib_walk_config *config);

/* Begins a walk; the name must have passed nib_name_check(). */
void nib_walk_start(struct nib_walk *walk, nib_ms now, struct nib_text name, enum nib_type type,
    struct nib_outputs *out);

/* A datagram; nobody can reach the one who is asked; the time. */
struct nib_decision nib_walk_input(struct nib_walk *walk, nib_ms now, const struct nib_addr *from,
    const uint8_t *octets, size_t len, struct nib_outputs *out);
struct nib_decision nib_walk_unreachable(
    struct nib_walk *walk, nib_ms now, struct nib_outputs *out);
void nib_walk_tick(struct nib_walk *walk, nib_ms now, struct nib_outputs *out);

/* When the next tick is due; NIB_NEVER: the walk has ended. */
nib_ms nib_walk_deadline(const struct nib_walk *walk);

#endif
