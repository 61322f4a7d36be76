#!/usr/bin/env python3
"""Asks the local server one question: client.py NAME [TYPE]. It trusts too much: see sheet 7."""
import random, socket, struct, sys
name = sys.argv[1].encode("ascii")
code = {"A": 8, "AAAA": 4, "CNAME": 2, "NS": 1}[(sys.argv[2:] or ["A"])[0].upper()]
number = random.getrandbits(32)
question = bytes([code, len(name)]) + name
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.connect(("127.0.0.1", 21000))
for wait in 1, 2, 4:
    s.send(struct.pack("!I", number) + question)
    s.settimeout(wait)
    try:
        m = s.recv(1024)
    except socket.timeout:
        continue
    same = 5 + 1 + len(name)            # ID, types, question name
    if m[:4] != struct.pack("!I", number) or m[4] != 0x10 | code or m[5:same] != question[1:]:
        sys.exit("not an answer to what was asked")
    atype, alen = m[same], m[same + 1]
    at = same + 2 + alen
    ttl, rlen = struct.unpack("!IB", m[at:at + 5])
    result = m[at + 5:at + 5 + rlen]
    print(result.decode("ascii"), "ttl", ttl)
    sys.exit(0)
sys.exit("no answer")
