# The differential test: decoders of the protocol from several hands, held against each other.

build/test/verdicts: build/test/tests/reference/verdicts.o build/test/tests/reference/naive.o build/test/libnibdns.a
	$(Q)$(CC) $(sanitize) $^ -o $@

.PHONY: differential
# help: make differential     every decoder (C, naive, Kaitai, Wireshark) against every other
differential: build/test/verdicts
	$(Q)tools/check/differential.sh

tests-built: build/test/verdicts
test_scripts += tools/check/differential.sh
