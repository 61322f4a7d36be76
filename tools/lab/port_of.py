#!/usr/bin/env python3
"""The port of a process's UDP socket: port_of.py PID. Reads what Linux says in /proc."""
import os
import sys

pid = sys.argv[1]
inodes = set()
for fd in os.listdir(f"/proc/{pid}/fd"):
    target = os.readlink(f"/proc/{pid}/fd/{fd}")
    if target.startswith("socket:["):
        inodes.add(target[8:-1])
for line in open(f"/proc/{pid}/net/udp").readlines()[1:]:
    field = line.split()
    if field[9] in inodes:
        print(int(field[1].split(":")[1], 16))
