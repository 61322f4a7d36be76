/*
 * Layer 7: the commands. Each returns the exit status.
 */
#ifndef NIBDNS_PROGRAMS_NIBPCAP_COMMANDS_H
#define NIBDNS_PROGRAMS_NIBPCAP_COMMANDS_H

int nibpcap_dump(int argc, char **argv);
int nibpcap_check(int argc, char **argv);
int nibpcap_ladder(int argc, char **argv);
int nibpcap_rerun(int argc, char **argv);
int nibpcap_replay(int argc, char **argv);
int nibpcap_make(int argc, char **argv);

#endif
