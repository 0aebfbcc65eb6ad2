#!/bin/sh
# Builds what is written in C against a libkassa.so with the feature `testing` and holds the ABI to
# its header: plain, under valgrind, and with AddressSanitizer on the C side.
#
#   cargo build -p kassa-ffi --features testing && tests/c/run.sh target/debug
set -eu
library=$(realpath "${1:?usage: tests/c/run.sh LIBDIR}")/libkassa.so
cd "$(dirname "$0")/../.."
out=target/c
mkdir -p "$out"
# The name that programs ask for at run time.
ln -sf "$library" "$out/libkassa.so"
ln -sf "$library" "$out/$(objdump -p "$library" | sed -n 's/^ *SONAME *//p')"

build() {
    name=$1
    source=$2
    shift 2
    cc -std=c11 -Wall -Wextra -Werror -g -Iinclude "$@" "$source" -o "$out/$name" \
        -L"$out" -lkassa -pthread -Wl,-rpath,'$ORIGIN'
}
# Runs a program that a checker must stop.
must_fail() {
    if "$@" >"$out/must_fail.log" 2>&1; then
        echo "not caught: $*" >&2
        exit 1
    fi
}
# Stopping at the first error makes one in a forked child seen by its parent.
valgrind="valgrind -q --error-exitcode=9 --exit-on-first-error=yes --leak-check=full
    --show-leak-kinds=definite --errors-for-leak-kinds=definite"

build boundary tests/c/boundary.c
build use_after_free tests/c/use_after_free.c
build boundary-asan tests/c/boundary.c -fsanitize=address
build use_after_free-asan tests/c/use_after_free.c -fsanitize=address
build runner tests/runners/runner.c
build sale examples/sale.c

# The panics that the tests ask for need no backtrace.
export RUST_BACKTRACE=0
echo "== valgrind is on"
must_fail $valgrind "$out/use_after_free"
grep -q "Invalid read" "$out/must_fail.log"
echo "== AddressSanitizer is on"
must_fail "$out/use_after_free-asan"
grep -q "heap-use-after-free" "$out/must_fail.log"
echo "== AddressSanitizer"
"$out/boundary-asan"
echo "== valgrind"
$valgrind "$out/boundary"
echo "== plain"
"$out/boundary"
