#!/usr/bin/env python3
"""Plays the local server, and answers each query with five datagrams that a client must throw away
and one that it cannot tell from the truth."""
import socket
import struct
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("127.0.0.1", 21000))
print("listening", file=sys.stderr, flush=True)


def response(number, name, result):
    """ID, flag and type, question; zero and type, the same name; TTL; result. Names with length."""
    return (struct.pack("!I", number) + b"\x18" + name + b"\x08" + name
            + struct.pack("!I", 60) + bytes([len(result)]) + result)


while True:
    query, client = s.recvfrom(1024)
    number, name = struct.unpack("!I", query[:4])[0], query[5:]
    s.sendto(response(number ^ 1, name, b"6.6.6.6"), client)  # a wrong ID
    s.sendto(response(number, b"\x03x.y", b"6.6.6.6"), client)  # another question
    s.sendto(response(number, name, b"6.6.6.6")[:-1], client)  # an octet too few
    s.sendto(response(number, name, b"6.6.6.600"), client)  # no IPv4 address
    s.sendto(query, client)  # not a response
    s.sendto(response(number, name, b"6.6.6.6"), client)  # nothing wrong with this one
