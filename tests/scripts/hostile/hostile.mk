# The maker of hostile captures, for tests/scripts/test_hostile_captures.sh, which calls this by itself:
#
#     make -f tests/scripts/hostile/hostile.mk
CC ?= cc
build/test/mutate: tests/scripts/hostile/mutate.c
	@mkdir -p $(@D)
	@$(CC) -std=c11 -O1 -g -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Werror \
		-fsanitize=address,undefined -fno-sanitize-recover=all $< -o $@
