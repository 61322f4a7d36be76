/*
 * Scenarios of the local server: plain text that plays its clients, its name servers, its network
 * and its clock, and says what must come out. The logic is the real one (nib_local_*); time is
 * virtual, so a scenario takes no time. tests/scenario/cases/ holds them, one a file, and
 * tests/scenario/test_local.c runs them all.
 *
 * A line is a step; `#` starts a comment. Times are 500ms or 60s since the start. Clients are c1,
 * c2,
 * ...; a query upstream gets the name q1, q2, ... by which it is spoken of from then on.
 *
 *   set timeout 500             before the first step; also tries, ttl, max-records, max-pending,
 *                               max-requests, max-ttl, max-ns-ttl, deadline, next-id; own and
 * forward (ADDR:PORT, more than once); mix-case auto or always: else never records ... end rows of
 * a records file without its header; a later block reloads. Without a block: the local server's
 * built-in records.
 *
 *   c1 asks www.csusm.edu A id 7
 *   c1 says www.csusm.edu A id 7 -> 1.2.3.4 ttl 5       a response, where a query belongs
 *   c1 sends 00 00 00 07 08 ..                          any octets
 *   q1 answers 3.33.147.88 ttl 60                       to the socket that asked, closed or not
 *   q1 answers example.com NS ns.example.com ttl 60     a referral; in the letters that were sent
 *   q1 answers ... but id 9 flag 2                      with fields that are not the question's:
 *                               id flag qtype qname zero atype aname tail (octets behind the end)
 *   q1 sends 00 00 ..
 *   q1 refuses                                          the socket learns that nobody listens
 *   no way to 10.0.0.1          sending there fails from now on; `a way to 10.0.0.1` ends that
 *   no sockets                  none can be opened from now on; `sockets` ends that
 *   the answer is lost          the last one could not be sent after all
 *   at 500ms, after 500ms       the time goes on, and all that is due by then is done
 *   until 500ms                 the same, but what is due at that very moment is not done yet
 *
 *   expect query q1 to 127.0.0.1: shop.amazone.com A id 0        from a new socket
 *                               (begun anew: the ID that the place had; mixed letters: any case)
 *   expect retry q1                                                 the same octets, same socket
 *   expect answer c1: www.csusm.edu A id 7 -> 144.37.5.45 ttl 60
 *   expect nothing, expect nothing until 500ms
 *   expect table ... end        the rows that are printed
 *   expect counter waiting 1
 *   expect deadline 500ms, expect deadline never
 *
 * An answer is [[NAME] TYPE] RESULT [ttl N]: what is left out is the question's, or TTL 0. A type
 * may also be its code, a number. A line with c1..c50 in it stands for 50 lines; each further range
 * in it (q1..q50, 100..149) counts along, and {} is the first one's number.
 *
 * Datagrams are compared octet for octet, in the order they were sent. One that no line expects
 * fails the scenario before the next step, and so does, after every step, a broken invariant (see
 * world_check). When the text ends, time goes on until nothing is under way, and all that was asked
 * must have been answered.
 */
#ifndef NIBDNS_TESTS_SCENARIO_H
#define NIBDNS_TESTS_SCENARIO_H

/* Runs a file. What goes wrong fails the cmocka test that calls, with the file's name and line. */
void scenario_run(const char *path);

/* Frees what a scenario that failed has left. */
void scenario_reset(void);

#endif
