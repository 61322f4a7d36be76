# nibdns. `make` builds the programs, `make run` shows them at work, `make test` tests everything.
# Yours to set: CC, CFLAGS, LDFLAGS, V=1 to see the commands.

CC      = cc
CFLAGS  = -O2 -g
LDFLAGS =
V       = 0

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
Q := $(if $(filter 0,$(V)),@)

warnings := -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wcast-qual -Wcast-align -Wundef -Wwrite-strings -Wvla -Wformat=2 -Werror
base     := -std=c11 -Iinclude $(warnings) -MMD -MP
sanitize := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

programs := client localserver amazoneserver nibpcap nibsim nibbench
programs := $(foreach p,$(programs),$(if $(wildcard src/programs/$(p).c),$(p)))
core     := $(wildcard src/core/*.c)
os       := $(wildcard src/os/*.c)
mains    := $(programs:%=src/programs/%.c)
shared   := $(filter-out $(mains),$(wildcard src/programs/*.c))
tests    := $(wildcard tests/test_*.c)
helpers  := $(filter-out $(tests),$(wildcard tests/*.c))

# Each flavour is a whole build in a folder of its own: $(1) name, $(2) compiler flags.
define flavour
build/$(1)/%.o: %.c
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(base) $(2) -c $$< -o $$@
build/$(1)/libnibdns.a: $$(core:%.c=build/$(1)/%.o)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
build/$(1)/libos.a: $$(os:%.c=build/$(1)/%.o) $$(shared:%.c=build/$(1)/%.o)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
build/$(1)/bin/%: build/$(1)/src/programs/%.o build/$(1)/libos.a build/$(1)/libnibdns.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $(2) $$^ -o $$@ $$(LDFLAGS) -pthread
endef
$(eval $(call flavour,release,$$(CFLAGS)))
$(eval $(call flavour,test,$(sanitize)))
.SECONDARY:

.PHONY: all
all: $(programs:%=bin/%)

bin/%: build/release/bin/%
	@mkdir -p $(@D)
	$(Q)cp $< $@

build/test/%: build/test/tests/%.o $(helpers:%.c=build/test/%.o) build/test/libos.a build/test/libnibdns.a
	$(Q)$(CC) $(sanitize) $^ -o $@ -lcmocka -pthread

.PHONY: check clean
# The C tests alone, under the sanitizers.
check: $(tests:tests/%.c=build/test/%) $(programs:%=build/test/bin/%)
	$(Q)tests/run.sh $(tests:tests/%.c=build/test/%)

clean:
	rm -rf bin build

-include $(shell find build -name '*.d' 2>/dev/null)
