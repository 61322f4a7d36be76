# The page: the programs' own objects in a browser, in one file.

page_c    := $(core) src/programs/common/json.c src/programs/common/line.c \
             $(wildcard src/programs/nibpcap/ladder/*.c) \
             $(filter-out $(addprefix %/,memory.c status.c choice.c filter.c),$(wildcard src/programs/nibpcap/base/*.c)) \
             $(wildcard $(addprefix src/programs/page/,*.c base/*.c hosts/*.c show/*.c wasm/*.c))
page_view := $(wildcard src/programs/page/view/*.js src/programs/page/lessons/*.txt)
page_cc   := clang --target=wasm32 -nostdlibinc -isystem src/programs/page/wasm -Oz -mbulk-memory \
             -flto
page_ld   := wasm-ld --no-entry --gc-sections --strip-all --lto-O2 -z stack-size=131072

.PHONY: page
# help: make page             build/page/nibdns.html, the same logic in a browser (clang, wasm-ld)
page:
	$(Q)for tool in clang wasm-ld; do command -v $$tool >/dev/null || \
	    { echo "the page needs $$tool: on Debian, apt-get install clang lld" >&2; exit 1; }; done
	$(Q)$(MAKE) --no-print-directory build/page/nibdns.html

tests-built: $(page_file)

build/page/%.o: %.c
	@mkdir -p $(@D)
	$(Q)$(page_cc) $(base) -Wno-missing-prototypes -Wno-cast-qual -c $< -o $@

build/page/nibdns.wasm: $(page_c:%.c=build/page/%.o)
	$(Q)$(page_ld) $^ -o $@

build/page/nibdns.html: build/page/nibdns.wasm src/programs/page/join.sh src/programs/page/view/page.html \
                        src/programs/page/view/page.css $(page_view)
	$(Q)src/programs/page/join.sh $< >$@

# nibsim for WASI, a second machine, so to speak: its digests must be those of the first.
wasi_c := $(core) $(parts_nibsim) $(common) src/os/posix/progress.c src/os/posix/clock.c
build/wasi/%.o: %.c
	@mkdir -p $(@D)
	$(Q)clang --target=wasm32-wasi -D_WASI_EMULATED_SIGNAL -isystem tests/page/wasi -include tests/page/wasi/system.h \
	    -O2 $(base) -c $< -o $@
build/wasi/nibsim.wasm: $(wasi_c:%.c=build/wasi/%.o)
	$(Q)clang --target=wasm32-wasi $^ -lwasi-emulated-signal -o $@

# help: make picture          the page's picture for the README, with Chromium
.PHONY: picture
picture: page
	$(Q)node src/programs/page/picture.js src/programs/page/page.png
