# nibdns. `make` builds the programs, `make run` shows them at work, `make test` tests everything,
# `make help` lists the rest. Yours to set, in the environment or behind `make`: CC, CFLAGS, LDFLAGS,
# PREFIX, DESTDIR, WERROR=-Werror; V=1 shows commands.

ifeq ($(origin CC),default)
CC       = cc
endif
CFLAGS  ?= -O3 -g
LDFLAGS ?=
WERROR  ?=
V       ?= 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY:
.SECONDEXPANSION:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(filter 0,$(V)),@)

warnings := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wcast-align -Wundef -Wwrite-strings -Wvla -Wformat=2
base     := -std=c11 -Iinclude -Isrc/programs -Itests $(warnings) -MMD -MP
# Hardening, as far as the compiler $(1) knows it.
try       = $(shell echo 'int x;' | $(1) -Werror $(2) -c -x c - -o /dev/null 2>/dev/null && echo $(2))
hardened  = -fPIE -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
            $(call try,$(1),-fstack-clash-protection) $(call try,$(1),-fcf-protection) \
            $(call try,$(1),-ftrivial-auto-var-init=zero)
harden_ld := -pie -Wl,-z,relro,-z,now,-z,noexecstack
sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

# ---- what there is to build ----

programs := client localserver amazoneserver nibgate nibpcap nibsim nibbench
core     := $(wildcard src/core/*.c)
# A file in src/os/linux takes the place of that of the same name in src/os/posix. PORTABLE=1 leaves
# the folder out: what a port to another system begins with.
own_os   := $(if $(PORTABLE),,$(wildcard src/os/linux/*.c))
os       := $(wildcard src/os/*.c) $(own_os) \
            $(filter-out $(subst /linux/,/posix/,$(own_os)),$(wildcard src/os/posix/*.c))
common   := $(wildcard src/programs/common/*.c)
tests    := $(wildcard $(addsuffix /test_*.c,tests/unit tests/system tests/scenario))
helpers  := $(filter-out $(tests),$(wildcard tests/lib/*.c tests/scenario/*.c)) \
            tests/reference/naive.c tests/reference/agree.c \
            src/programs/nibbench/load/histogram.c \
            $(wildcard $(addprefix src/programs/page/,base/*.c hosts/*.c show/*.c))

# The files of each program: its folder, and those of its parts.
parts = $(wildcard src/programs/$(1)/*.c src/programs/$(1)/*/*.c)
parts_localserver   := src/programs/server/localserver.c src/programs/server/serve.c
parts_amazoneserver := src/programs/server/amazoneserver.c src/programs/server/serve.c
$(foreach p,client nibgate nibpcap nibsim nibbench,$(eval parts_$(p) := $(call parts,$(p))))

# How to make a file that holds $(text), and is written only when the text is another than before:
# what depends on it is made again when flags, or the list of files, change.
quoted   = '$(subst ','\'',$(strip $(text)))'
kept     = @mkdir -p $(@D); echo $(quoted) | cmp -s - $@ || echo $(quoted) >$@

# Each flavour is a whole build in a folder of its own: $(1) name, $(2) compiler, $(3) its flags,
# $(4) the linker's.
define flavour
build/$(1)/%.o: %.c build/$(1)/flags
	@mkdir -p $$(@D)
	$$(Q)$(2) $$(base) $$(WERROR) $(3) -c $$< -o $$@
build/$(1)/libnibdns.a: $$(core:%.c=build/$(1)/%.o)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
build/$(1)/libos.a: $$(os:%.c=build/$(1)/%.o) $$(common:%.c=build/$(1)/%.o) build/$(1)/os.list
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$(filter %.o,$$^)
build/$(1)/flags: text = $(2) $$(base) $(3) / $(4)
build/$(1)/os.list: text = $$(os)
build/$(1)/flags build/$(1)/os.list: always
	$$(kept)
build/$(1)/bin/%: $$$$(addprefix build/$(1)/,$$$$(subst .c,.o,$$$$(parts_$$$$*))) \
                  build/$(1)/libos.a build/$(1)/libnibdns.a build/$(1)/flags
	@mkdir -p $$(@D)
	$$(Q)$(2) $(3) $$(filter %.o %.a,$$^) -o $$@ $(4) -pthread
endef
.PHONY: always
always:
flavour-%: $$(addprefix build/%/bin/,$(programs))
	@:

# A flavour with tests: build/NAME/tests/... as build/test/tests/...; $(5) libraries.
define tested
$(call flavour,$(1),$(2),$(3),$(4))
build/$(1)/libtests.a: $$(helpers:%.c=build/$(1)/%.o)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
build/$(1)/tests/%: build/$(1)/tests/%.o build/$(1)/libtests.a build/$(1)/libos.a \
                    build/$(1)/libnibdns.a
	$$(Q)$(2) $(3) $$^ -o $$@ $(4) $(5) -lcmocka -pthread
endef

release_flags := $(call hardened,$(CC))
$(eval $(call flavour,release,$$(CC),$$(release_flags) $$(CFLAGS),$(harden_ld) $$(LDFLAGS)))
$(eval $(call tested,test,$$(CC),$(sanitize),))
$(eval $(call flavour,portable,$$(CC),$(sanitize),))
# What tools/check/compilers.sh builds, where a warning is an error.
$(eval $(call flavour,strict,$$(CC),$$(release_flags) $$(CFLAGS),))
$(eval $(call flavour,clang,clang,-O2,))
$(eval $(call flavour,musl,musl-gcc,-O2,-static))
# What tests/scripts/test_sanitizers.sh builds.
$(eval $(call tested,asan,clang,$(sanitize),))
$(eval $(call flavour,tsan,clang,-O1 -g -fsanitize=thread -fno-omit-frame-pointer,))

.PHONY: all
# help: make                  the programs, in bin/
all: $(programs:%=bin/%)

bin/%: build/release/bin/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

# ---- to see it at work ----

.PHONY: run lab demo tree
# help: make run              both servers and the client's prompt
# help: make lab              the three side by side in tmux
# help: make demo             the five cases in real time, each checked
# help: make tree             name servers that refer to each other, a local server, the prompt
# Ctrl-C ends make, too, which needs no complaint of the status that a shell makes of it.
play = $(Q)trap : INT; tools/play/$(1).sh || { s=$$?; [ $$s -eq 130 ] || exit $$s; }
three := bin/client bin/localserver bin/amazoneserver
run: $(three)
	$(call play,run)

lab: $(three)
	$(call play,lab)

demo: $(three)
	$(call play,demo)

tree: $(three)
	$(call play,tree)

# ---- tests ----

test_programs := $(tests:%.c=build/test/%)
test_scripts  := $(wildcard tests/scripts/test_*.sh) tests/wireshark/run.sh tests/wireshark/agree.sh \
                 tests/prove/test.sh tools/bench/guard.sh \
                 tools/check/check-rules.sh tools/check/compilers.sh tools/check/model.sh

# The longest first, so that none is left to run alone at the end.
longest    = $(addprefix tests/scripts/test_,$(addsuffix .sh,page sanitizers hostile_captures nibsim readme \
             portable install)) build/test/tests/unit/test_exhaustive
in_order   = $(filter $(longest),$(1)) $(filter-out $(longest),$(1))

# Warnings are errors in our own runs, not for those who build this with a compiler of another day.
.PHONY: test check tests-built floors compilers
# help: make test             everything, with the packages that it needs; JOBS=2 side by side
test:
	$(Q)tools/check/need.sh
	$(Q)$(MAKE) --no-print-directory WERROR=-Werror -j$$(getconf _NPROCESSORS_ONLN) all tests-built
	$(Q)WERROR=-Werror tests/lib/run.sh $(call in_order,$(test_scripts) $(test_programs))

# help: make check            the C tests alone, under the sanitizers
check: tests-built
	$(Q)tests/lib/run.sh $(test_programs)

tests-built: $(test_programs) $(programs:%=build/test/bin/%) \
             $(addprefix build/release/,guard forger slow locks.so)

# help: make floors           the logic needs nothing of the system; who includes whom
floors: all
	$(Q)tools/check/floors.sh build/release/libnibdns.a

# help: make model            a model of the pending table, with Spin
.PHONY: model
model: bin/nibpcap
	$(Q)tools/check/model.sh

# help: make prove            proves the codec with Frama-C, and that the proof notices faults
.PHONY: prove
prove:
	$(Q)tools/check/prove.sh

# help: make compilers        gcc and clang, glibc and musl, as far as they are there
compilers: all
	$(Q)tools/check/compilers.sh

# help: make style            clang-format and clang-tidy
.PHONY: style
style:
	$(Q)tools/check/style.sh

# help: make coverage         lines and branches of the logic that the C tests reach
.PHONY: coverage
coverage:
	$(Q)tools/check/coverage.sh

# ---- trouble ----

# help: make trouble          floods, lost datagrams, full load with reloads (S=30 seconds each)
.PHONY: trouble
trouble: all
	$(Q)tools/stress/trouble.sh
# help: make soak             the last of these alone, for S=3600 seconds a server
.PHONY: soak
soak: all
	$(Q)S=$${S:-3600} tools/stress/trouble.sh soak

# help: make forge            what a believed lie costs a forger, measured (root; S=6 s a row)
.PHONY: forge
forge: all build/release/forger build/release/slow
	$(Q)tools/stress/forge.sh
build/release/forger build/release/slow: build/release/%: build/release/tools/stress/%.o \
                     build/release/libos.a build/release/libnibdns.a
	$(Q)$(CC) $(release_flags) $(CFLAGS) $^ -o $@ $(harden_ld) $(LDFLAGS) -pthread

# ---- campaigns: as long as you like ----

# help: make sim              simulated runs until told to stop (RUNS=N, SEED=N)
# help: make mutants          do the tests notice small faults in the logic? (N=300 of them)
.PHONY: sim mutants
RUNS = 0
sim: bin/nibsim
	$(Q)bin/nibsim --seed $${SEED:-$$(date +%s)} --runs $(RUNS)
mutants:
	$(Q)tools/check/mutants.sh

# help: make bench            ours beside a bare echo, in turns
# help: make bench-peers      ours beside NSD, Knot, Unbound and dnsmasq, which it installs
.PHONY: bench bench-peers
bench: all
	$(Q)tools/bench/bench.sh
bench-peers: all
	$(Q)tools/bench/peers.sh

# help: make bench-latency    how long a single question waits, beside a bare echo
.PHONY: bench-latency
bench-latency: all
	$(Q)tools/bench/latency.sh

# help: make bench-stalls     whether a reload, expiry, a capture and more make questions wait
.PHONY: bench-stalls
bench-stalls: all
	$(Q)tools/bench/stalls.sh

# help: make bench-start      how long a start takes, beside NSD and Knot, which it installs
.PHONY: bench-start
bench-start: all
	$(Q)tools/bench/start.sh

# help: make bench-guard      instructions an answer, beside those that are known (valgrind)
.PHONY: bench-guard
bench-guard: build/release/guard
	$(Q)tools/bench/guard.sh
build/release/guard: build/release/tools/bench/guard.o build/release/libos.a \
                     build/release/libnibdns.a
	$(Q)$(CC) $(release_flags) $(CFLAGS) $^ -o $@ $(harden_ld) $(LDFLAGS) -pthread

# help: make bench-locks      how busy the lock is that localserver's workers share
.PHONY: bench-locks
bench-locks: all build/release/locks.so
	$(Q)tools/bench/locks.sh
build/release/locks.so: tools/bench/locks.c build/release/flags
	$(Q)$(CC) -std=c11 $(warnings) $(WERROR) -O2 -g -fPIC -shared $< -o $@ -ldl

# help: make balance          three local servers behind nginx; one is killed under load
.PHONY: balance
balance: all
	$(Q)tools/stress/balance.sh

# ---- Wireshark ----

# help: make install-dissector  the Wireshark dissector and its profile, for yourself
# help: make uninstall-dissector  takes both away again
.PHONY: install-dissector uninstall-dissector
install-dissector:
	$(Q)tools/wireshark/install-dissector.sh
uninstall-dissector:
	$(Q)tools/wireshark/install-dissector.sh --uninstall

.PHONY: help clean
# help: make help             this list
help:
	@sed -n 's/^# help: //p' $(MAKEFILE_LIST) | sed 's/   */\t/' | \
	    awk -F '\t' '{ printf "%-27s %s\n", $$1, $$2 }'

# help: make clean            away with bin/ and build/
clean:
	rm -rf bin build

include tools/package/install.mk src/programs/page/page.mk $(wildcard tests/reference/differential.mk tests/fuzz/fuzz.mk)

-include $(shell find build -name '*.d' 2>/dev/null)
