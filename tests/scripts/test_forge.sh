#!/bin/sh
# A short round of tools/stress/forge.sh, in TAP: a forger against the real local server, with and without letters
# of random case. Nothing in it fails because it took long, or was slow.
S=1 exec tools/stress/forge.sh plain mixed few
