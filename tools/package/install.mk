# Read by the Makefile: installing, packaging, other machines. PREFIX, DESTDIR and the folders below
# are yours to set; PLUGINDIR, where it is set, is the folder of Wireshark's Lua plugins for all users
# (`tshark -G folders` names it).

PREFIX     = /usr/local
BINDIR     = $(PREFIX)/bin
LIBDIR     = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
DATADIR    = $(PREFIX)/share
MANDIR     = $(DATADIR)/man
DOCDIR     = $(DATADIR)/doc/nibdns
BASHDIR    = $(DATADIR)/bash-completion/completions
ZSHDIR     = $(DATADIR)/zsh/site-functions
UNITDIR    = $(PREFIX)/lib/systemd/system
PLUGINDIR  =
INSTALL    = install

# ---- the library: layers 0 to 4, static and shared ----

version = $(shell sed -n 's/.*define NIB_VERSION "\(.*\)".*/\1/p' src/programs/common/options.h)
soname := libnibdns.so.0
shared := build/pic/$(soname)

pic_flags := $(release_flags) -fPIC -fno-semantic-interposition
$(eval $(call flavour,pic,$$(CC),$$(pic_flags) $$(CFLAGS),$$(LDFLAGS)))
$(shared): $(core:%.c=build/pic/%.o) tools/package/libnibdns.map build/pic/flags
	$(Q)$(CC) $(CFLAGS) -shared -Wl,-soname,$(soname),-z,defs,-z,relro,-z,now,-z,noexecstack \
	    -Wl,--version-script=tools/package/libnibdns.map $(filter %.o,$^) -o $@ $(LDFLAGS)

# ---- what goes where: FILE=PLACE, read by install and uninstall ----

installed  = $(if $(filter nib%,$(1)),$(1),nibdns-$(1))
into       = $(foreach f,$(2),$(f)=$(1)/$(notdir $(f)))
made      := build/install
page_file  = $(and $(shell command -v clang),$(shell command -v wasm-ld),build/page/nibdns.html)
units      = $(wildcard tools/package/systemd/*.service)

programs_in = $(foreach p,$(programs),bin/$(p)=$(BINDIR)/$(call installed,$(p))) \
              $(if $(PLUGINDIR),,$(call into,$(DATADIR)/nibdns,tools/wireshark/install-dissector.sh))
files_in    = $(call into,$(LIBDIR),build/release/libnibdns.a) \
              $(shared)=$(LIBDIR)/libnibdns.so.$(version) \
              $(call into,$(LIBDIR)/pkgconfig,$(made)/nibdns.pc) \
              $(call into,$(INCLUDEDIR)/nibdns,$(wildcard include/nibdns/*.h)) \
              $(foreach n,1 3 5 7 8,$(call into,$(MANDIR)/man$(n),$(wildcard src/man/*.$(n)))) \
              $(call into,$(DOCDIR),$(wildcard README.md proto/*)) \
              build/completion/nibdns.bash=$(BASHDIR)/nibdns \
              $(call into,$(ZSHDIR),build/completion/_nibdns) \
              $(call into,$(DATADIR)/nibdns,$(page_file)) \
              $(call into,$(UNITDIR),$(units:tools/package/systemd/%=$(made)/%)) \
              $(call into,$(or $(PLUGINDIR),$(DATADIR)/nibdns),tools/nibdns.lua) \
              $(call into,$(DATADIR)/nibdns/profile/nibdns,$(wildcard tools/wireshark/profile/nibdns/*))
# A link's name and what it stands for.
links_in    = libnibdns.so.$(version)=$(LIBDIR)/$(soname) $(soname)=$(LIBDIR)/libnibdns.so \
              $(foreach p,$(programs),nibdns=$(BASHDIR)/$(call installed,$(p)))
folders_of  = $(sort $(INCLUDEDIR)/nibdns $(DOCDIR)) \
              $(addprefix $(DATADIR)/nibdns,/profile/nibdns /profile /)

# Each pair's sides are $$file and $$place.
each = for pair in $(1); do file=$${pair%%=*} place="$(DESTDIR)$${pair\#*=}"; $(2) || exit 1; done

.PHONY: lib symbols install uninstall dist deb portable $(made)
# help: make lib              the library, static and shared
lib: build/release/libnibdns.a $(shared)

# What it exports, in the form of Debian's packages: to be read with git diff before a release.
# help: make symbols          writes down what the shared library exports
symbols: $(shared)
	$(Q)tools/package/symbols.sh $< >tools/package/debian/libnibdns0.symbols

# Files that name the folders of this installation.
$(made):
	@mkdir -p $@
	@sed -e 's,@PREFIX@,$(PREFIX),' -e 's,@VERSION@,$(version),' \
	    -e 's,@LIBDIR@,$(LIBDIR:$(PREFIX)/%=$${prefix}/%),' \
	    -e 's,@INCLUDEDIR@,$(INCLUDEDIR:$(PREFIX)/%=$${prefix}/%),' \
	    tools/package/nibdns.pc.in >$@/nibdns.pc
	@for unit in $(units); do sed 's,/usr/local/bin,$(BINDIR),' $$unit >$@/$${unit##*/}; done

# What the shells complete is what the programs say to --help.
completions := build/completion/nibdns.bash build/completion/_nibdns
# help: make completions      for bash and zsh, into build/completion
.PHONY: completions
completions: $(completions)
$(completions): $(wildcard tools/package/completion/*) $(programs:%=bin/%)
	@mkdir -p $(@D)
	$(Q)tools/package/completion/generate.sh $(if $(filter %.bash,$@),bash,zsh) bin $(programs) >$@

# help: make install          under PREFIX (/usr/local): programs, manual, library, units and more
install: all lib completions $(page_file) $(made)
	@$(call each,$(programs_in),$(INSTALL) -D -m 755 $$file "$$place")
	@$(call each,$(files_in),$(INSTALL) -D -m 644 $$file "$$place")
	@$(call each,$(links_in),ln -sf $$file "$$place")
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" -ne 0 ] || ldconfig 2>/dev/null || :
	@echo "installed under $(DESTDIR)$(PREFIX): try man nibdns"
	@[ -n "$(PLUGINDIR)" ] || echo "for Wireshark, each user runs" \
	    "$(DATADIR)/nibdns/install-dissector.sh; or install with PLUGINDIR=FOLDER for all users"

# help: make uninstall        takes all of it away again
uninstall:
	@$(call each,$(programs_in) $(files_in) $(links_in),rm -f "$$place")
	@for folder in $(folders_of); do rmdir "$(DESTDIR)$$folder" 2>/dev/null || :; done

# ---- packages, other machines ----

# help: make dist             a source archive in build/, the same octets each time
dist:
	$(Q)tools/package/dist.sh $(version)

# help: make deb              Debian packages in build/deb, checked and tried
deb:
	$(Q)tools/package/deb.sh

# Other machines, by tools/check/portable.sh: $(1) name, $(2) compiler, $(3) its flags. It puts their
# cmocka into build/$(1)/cmocka.
define machine
$(call tested,$(1),$(2),$(3) -isystem build/$(1)/cmocka,,-Lbuild/$(1)/cmocka)
build/$(1)/example: tests/scripts/embed/example.c build/$(1)/libnibdns.a
	$$(Q)$(2) $(3) -std=c11 -Iinclude $$^ -o $$@
endef
asm_headers := $(addprefix -idirafter ,$(wildcard /usr/include/x86_64-linux-gnu))
$(eval $(call machine,m32,$$(CC) -m32 $$(asm_headers),$$(sanitize)))
$(eval $(call machine,s390x,s390x-linux-gnu-gcc,-O2))

# help: make portable         32 bits, and a big-endian machine that qemu plays
portable: all
	$(Q)tools/check/portable.sh
