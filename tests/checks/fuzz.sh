#!/bin/sh
# usage: fuzz.sh SECONDS
# Runs each harness of tests/fuzz that long, from its corpus.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

seconds=$1
need clang
grep -q "'fuzz'" meson_options.txt || skip "there are no harnesses"
export CC=clang CXX=clang++
build fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
found=
for harness in "$BUILD"/tests/fuzz/*; do
	if [ ! -f "$harness" ] || [ ! -x "$harness" ]; then
		continue
	fi
	name=$(basename "$harness")
	found=yes
	new=$(mktemp -d)
	echo "== $name"
	set -- "$new"
	corpus=tests/fuzz/corpus/${name#fuzz-}
	[ ! -d "$corpus" ] || set -- "$new" "$corpus"
	"$harness" -max_total_time="$seconds" -timeout=10 "$@" 2>&1 || failed=1
	rm -rf "$new"
done
[ "$found" ] || skip "no harness was built"
[ ! "${failed-}" ]
