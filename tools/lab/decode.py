#!/usr/bin/env python3
"""A decoder that knows too little (sheet 7): it looks at the flag and the type alone."""
import sys

for line in sys.stdin:
    m = bytes.fromhex(line)
    print("valid" if len(m) > 5 and m[4] >> 4 in (0, 1) and m[4] & 15 in (8, 4, 2, 1) else "invalid")
