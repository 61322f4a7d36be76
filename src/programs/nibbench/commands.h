/*
 * Layer 7: the commands. Each returns the exit status.
 */
#ifndef NIBDNS_PROGRAMS_BENCH_COMMANDS
#define NIBDNS_PROGRAMS_BENCH_COMMANDS

int bench_codec(int argc, char **argv);
int bench_table(int argc, char **argv);
int bench_load(int argc, char **argv);
int bench_echo(int argc, char **argv);
int bench_flood(int argc, char **argv);

#endif
