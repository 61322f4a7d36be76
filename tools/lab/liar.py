#!/usr/bin/env python3
"""Plays an authoritative server at ADDR (liar.py ADDR): answers each query with 6.6.6.6, its name in
small letters, as somebody would who knows what is asked but cannot see how it was spelt."""
import socket
import struct
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 22000))
print("listening", file=sys.stderr, flush=True)
while True:
    query, asker = s.recvfrom(1024)
    name = query[5:].lower()
    s.sendto(query[:4] + b"\x18" + name + b"\x08" + name + struct.pack("!I", 60) + b"\x076.6.6.6", asker)
