/*
 * Layer 7, nibpcap's commands: each has its options and its wiring in the file of its name. They
 * return the exit status.
 */
#ifndef NIBDNS_NIBPCAP_COMMANDS_H
#define NIBDNS_NIBPCAP_COMMANDS_H

int command_dump(int argc, char **argv);
int command_check(int argc, char **argv);
int command_ladder(int argc, char **argv);
int command_rerun(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_make(int argc, char **argv);

#endif
