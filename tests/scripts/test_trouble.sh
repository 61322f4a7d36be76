#!/bin/sh
# A short round of tools/stress/trouble.sh, in TAP: the real programs in a flood, with losses, under full load
# while their records are read again. Nothing in it fails because it took long.
S=3 exec tools/stress/trouble.sh
