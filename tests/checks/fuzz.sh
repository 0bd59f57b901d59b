#!/bin/sh
# usage: fuzz.sh SECONDS
# Runs each harness of tests/fuzz for this time, starting from its corpus, as many at a
# time as there are processors. Then prints the lines and branches of the parsers that the
# corpora and the new inputs reach. Inputs for which a check failed are kept in
# BUILDS/fuzz/found.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

seconds=$1
parsers='compat/run/program.c compat/run/elf-file.c compat/commands/rules.c
	compat/supervise/executions.c compat/supervise/filter.c compat/supervise/layout.c
	compat/supervise/messages.c compat/supervise/narrow.c compat/wire/traffic.c compat/wire/wire.c
	src/settings.c src/translate.c
	tools/rules/jump.c tools/rules/jump-family.c tools/rules/old-form.c tools/nft-words.c
	src/packet.c tools/queue-line.c tools/report.c
	tools/rules/saved-rule.c tools/rules/text.c'
names=$(sed -n "s/^  '\(.*\)': \[.*/\1/p" tests/fuzz/meson.build)
need clang
export CC=clang CXX=clang++
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
TARGETS=fuzzers
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# usage: run NAME ARGUMENT...: runs this harness of BUILD on all inputs
run()
{
	harness=$1
	shift
	mkdir -p "$work/$harness"
	"$BUILD/tests/fuzz/fuzz-$harness" -timeout=10 "$@" "$work/$harness" \
		"tests/fuzz/corpus/$harness" > "$work/$harness.log" 2>&1 ||
		: > "$work/$harness.failed"
}

build fuzz -Dfuzz=true
mkdir -p "$BUILD/found"
running=0
for name in $names; do
	run "$name" -max_total_time="$seconds" -print_final_stats=1 \
		-artifact_prefix="$BUILD/found/$name-" &
	[ $((running += 1)) -lt "$(nproc)" ] || { wait; running=0; }
done
wait
for name in $names; do
	sed -n "s/^stat::number_of_executed_units: */$name: executions: /p" "$work/$name.log"
	[ ! -f "$work/$name.failed" ] || { cat "$work/$name.log"; failed=1; }
done
[ ! "${failed-}" ] || exit 1

cov=$(clang -print-prog-name=llvm-cov) profdata=$(clang -print-prog-name=llvm-profdata)
for tool in "$cov" "$profdata"; do
	command -v "$tool" > /dev/null || {
		echo "no coverage: ${tool##*/} is not installed with clang"
		exit
	}
done
# meson runs programs that it compiles; their profiles are not wanted
export LLVM_PROFILE_FILE=/dev/null
flags='-fprofile-instr-generate -fcoverage-mapping'
build fuzz-coverage -Dfuzz=true "-Dc_args=$flags" "-Dc_link_args=$flags"
objects=
for name in $names; do
	LLVM_PROFILE_FILE=$work/$name.profraw run "$name" -runs=0
	objects="$objects -object $BUILD/tests/fuzz/fuzz-$name"
done
"$profdata" merge -o "$work/profile" "$work"/*.profraw
# shellcheck disable=SC2086 # words
"$cov" export -format=lcov -instr-profile "$work/profile" $objects > "$work/lcov"
awk -v parsers="$parsers" -v root="$PWD/" -F '[:,]' '
function print_lines(file,    line, separator) {
	printf "%s: %d of %d lines, %d of %d branches", file, reached[file], lines[file],
		taken[file], branches[file]
	separator = "; not: "
	for (line = 1; line <= last[file]; line++)
		if ((file, line) in missed) {
			printf "%s%d", separator, line
			separator = ", "
		}
	print ""
}
$1 == "SF" {
	file = substr($0, 4)
	sub(".*/build[^/]*/[^/]*/(\\.\\./)*", "", file)
	if (index(file, root) == 1)
		file = substr(file, length(root) + 1)
}
$1 == "DA" { lines[file]++; $3 ? reached[file]++ : missed[file, $2]; last[file] = $2 }
$1 == "BRDA" { branches[file]++; $5 > 0 ? taken[file]++ : missed[file, $2] }
END {
	count = split(parsers, wanted, /[ \t\n]+/)
	for (i = 1; i <= count; i++) {
		print_lines(wanted[i])
		sum["reached"] += reached[wanted[i]]
		sum["lines"] += lines[wanted[i]]
		sum["taken"] += taken[wanted[i]]
		sum["branches"] += branches[wanted[i]]
	}
	printf "reached: %d of %d lines, %d of %d branches\n", sum["reached"], sum["lines"],
		sum["taken"], sum["branches"]
}' "$work/lcov"
