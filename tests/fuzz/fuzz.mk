# The fuzzers. build/test/fuzz/TARGET runs from the stored corpus and a mutator of our own (driver.c), as
# a test; build/fuzz/TARGET is the same target under libFuzzer, and needs clang.

fuzz_targets  := message name dns records pcap make authoritative local client gate
fuzz_programs := $(fuzz_targets:%=build/test/fuzz/%)
fuzz_common   := tests/fuzz/fuzz.o tests/fuzz/local_world.o tests/reference/naive.o tests/reference/agree.o

build/test/fuzz/%: build/test/tests/fuzz/fuzz_%.o build/test/tests/fuzz/driver.o \
                   $(fuzz_common:%=build/test/%) build/test/libnibdns.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(sanitize) $^ -o $@

test_programs += $(fuzz_programs)
tests-built: $(fuzz_programs)

$(eval $(call flavour,fuzz,clang,$(sanitize) -fsanitize=fuzzer-no-link,))
build/fuzz/%: build/fuzz/tests/fuzz/fuzz_%.o $(fuzz_common:%=build/fuzz/%) build/fuzz/libnibdns.a
	$(Q)clang -fsanitize=fuzzer,address,undefined $^ -o $@

# The same with counters of lines, for the report.
$(eval $(call flavour,cover,clang,-O1 -g -fprofile-instr-generate -fcoverage-mapping,))
build/cover/fuzz/%: build/cover/tests/fuzz/fuzz_%.o build/cover/tests/fuzz/driver.o \
                    $(fuzz_common:%=build/cover/%) build/cover/libnibdns.a
	@mkdir -p $(@D)
	$(Q)clang -fprofile-instr-generate -fcoverage-mapping $^ -o $@

.PHONY: fuzz fuzz-report
T = $(fuzz_targets)
S = 60
# help: make fuzz             every fuzzer for a minute; T=message S=600 one of them for ten
fuzz: $(T:%=build/fuzz/%) $(T:%=build/test/fuzz/%)
	$(Q)tools/check/fuzz.sh run $(S) $(T)

# help: make fuzz-report      what the stored corpora reach
fuzz-report: $(T:%=build/cover/fuzz/%)
	$(Q)tools/check/fuzz.sh report $(T)
