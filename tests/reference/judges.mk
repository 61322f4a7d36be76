# The judges: decoders of the protocol from several hands, and what holds them against each other.

build/test/judge: build/test/tests/reference/judge.o build/test/tests/reference/naive.o build/test/libnibdns.a
	$(Q)$(CC) $(sanitize) $^ -o $@

.PHONY: judges
# help: make judges           every decoder (C, naive, Kaitai, Wireshark) against every other
judges: build/test/judge
	$(Q)tools/check/judges.sh

tests-built: build/test/judge
test_scripts += tools/check/judges.sh
