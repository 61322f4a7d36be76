#!/bin/sh
# What the tests need beside a C compiler and make: installs it where it may (Debian, as root), and
# says in one line what is not there. cmocka is needed; each of the others has tests that are skipped
# without it. What takes a minute to install is installed with CI=true only.
set -u

# What to look for, and the Debian package that has it.
wanted='cmocka libcmocka-dev
tcpdump tcpdump
tshark tshark
ip iproute2
iptables iptables
pkg-config pkg-config
clang clang
clang-runtime libclang-rt-VERSION-dev
wasm-ld lld
node nodejs
wasi-libc wasi-libc
wasi-runtime libclang-rt-VERSION-dev-wasm32
musl-gcc musl-tools
valgrind valgrind
mandoc mandoc
spin spin
tmux tmux
zsh zsh
dig bind9-dnsutils
ping iputils-ping
curl curl
kdig knot-dnsutils
drill ldnsutils
dnsperf dnsperf
unbound unbound
nsd nsd
dnsmasq dnsmasq-base'
[ "${CI:-}" = true ] && wanted="$wanted
chromium chromium"

have() {
    case $1 in
    cmocka)
        printf '#include <%s.h>\n' stdarg stddef setjmp stdint cmocka | ${CC:-cc} -E - >/dev/null 2>&1
        ;;
    clang-runtime) # of the sanitizers, where there is clang
        ! command -v clang >/dev/null ||
            echo 'int main(void) { return 0; }' |
            clang -fsanitize=thread -x c - -o /dev/null 2>/dev/null
        ;;
    wasi-libc) test -e /usr/include/wasm32-wasi/stdio.h ;;
    wasi-runtime)
        ! command -v clang >/dev/null ||
            echo 'int main(void) { return 0; }' |
            clang --target=wasm32-wasi -x c - -o /dev/null 2>/dev/null
        ;;
    wasm-ld) command -v wasm-ld || ls /usr/bin/wasm-ld-* ;;
    *) command -v "$1" ;;
    esac >/dev/null 2>&1
}

# The packages of what is missing; a clang that is missing leaves its runtime for later.
missing() {
    version=$(clang -dumpversion 2>/dev/null | cut -d. -f1)
    echo "$wanted" | while read -r tool package; do
        have "$tool" || echo "$package" | sed "s/VERSION/$version/"
    done
}

# Installs these, as far as this system has heard of them; no service of theirs is started.
fetch() {
    for package in "$@"; do
        apt-cache show "$package" >/dev/null 2>&1 && known="${known:-} $package"
    done
    policy=/usr/sbin/policy-rc.d
    [ -e $policy ] || { printf '#!/bin/sh\nexit 101\n' >$policy && chmod +x $policy && ours=yes; }
    # shellcheck disable=SC2086
    DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends ${known:-}
    [ "${ours:-no}" = yes ] && rm -f $policy
    known=
}

list=$(missing)
if [ -n "$list" ] && command -v apt-get >/dev/null && [ "$(id -u)" -eq 0 ]; then
    # shellcheck disable=SC2086
    echo "# installing" $list >&2
    log=$(mktemp)
    # shellcheck disable=SC2046,SC2086
    { apt-get update && fetch $list && list=$(missing) && { [ -z "$list" ] || fetch $list; }; } \
        >"$log" 2>&1 || tail -n 5 "$log" >&2
    rm -f "$log"
    list=$(missing)
fi
# shellcheck disable=SC2086
have cmocka || { echo "make test needs cmocka; on Debian: apt-get install" $list >&2; exit 1; }
# shellcheck disable=SC2086
[ -z "$list" ] || echo "# some tests will be skipped; on Debian they need: apt-get install" $list >&2
