#!/bin/sh
# usage: static.sh shell | cppcheck | analyzer | tidy
# Runs analyzers on the sources. Complaints that are listed in exceptions are ignored. Run
# in the project's directory.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

place=$(dirname "$0")
flags="-std=gnu11 -D_GNU_SOURCE -Iinclude/libipq-nfqueue -Iinclude -Isrc
	-Icompat/surroundings -Icompat/wire -Icompat/supervise -Itools/rules"
# one front end compiles compat/wire with this header included before all others
front="-Icompat/preload -include compat/preload/inside.h"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# usage: complaints TOOL FILE
# Prints the complaints in FILE that are not exceptions; fails if there are any. Lines are
# FILE:LINE:COLUMN: KIND: TEXT [DIAGNOSTIC].
complaints()
{
	awk -v tool="$1" '
	FILENAME == ARGV[1] {
		if ($1 != tool)
			next
		sub(/:$/, "", $3)
		file = $2
		gsub(/\./, "\\.", file)
		gsub(/\*/, "[^/]*", file)
		files[++count] = file
		diagnostics[count] = $3
		next
	}
	/^[^ ]+:[0-9]+:[0-9]+: (warning|error|style|performance|portability): / {
		line = $0
		sub(/:[0-9]+:[0-9]+: .*/, "", line)
		for (i = 1; i <= count; i++)
			if (line ~ "(^|/)" files[i] "$" && index($0, "[" diagnostics[i] "]"))
				next
		if (seen[$0]++)
			next
		print
		bad = 1
	}
	END { exit bad }' "$place/exceptions" "$2"
}

case $1 in
shell)
	need shellcheck
	grep -rlE --exclude-dir=corpus '^#!/bin/(ba)?sh' src compat tools examples scripts tests .ci packaging \
		> "$work/files"
	xargs shellcheck -x < "$work/files"
	;;
cppcheck)
	need cppcheck
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--template='{file}:{line}:{column}: {severity}: {message} [{id}]' \
		-D_GNU_SOURCE -Iinclude -Isrc -Icompat/supervise -Icompat/surroundings -Icompat/wire -Itools/rules \
		src compat tools examples 2> "$work/said"
	complaints cppcheck "$work/said"
	;;
analyzer)
	need gcc
	find src compat tools examples -name '*.c' | while read -r file; do
		case $file in
		compat/wire/*)	ahead=$front ;;
		*)		ahead= ;;
		esac
		# shellcheck disable=SC2086 # flags are words
		gcc -fanalyzer -O1 -Wall -Wextra -Wno-missing-field-initializers $flags $ahead \
			-DVERSION='""' -DPRELOAD_FROM_BINDIR='""' -DWRAPPERS_FROM_BINDIR='""' \
			-DCLASSES_FROM_BINDIR='""' \
			-fdiagnostics-plain-output -c -o /dev/null "$file" 2>> "$work/said" || { cat "$work/said"; exit 1; }
	done || exit 1
	# lines end with [CWE-1] [-Wanalyzer-…]
	complaints gcc "$work/said"
	;;
tidy)
	need clang-tidy
	# clang-tidy reads the compiler commands of this build
	export CC=gcc CXX=g++
	TARGETS=build.ninja build tidy -Dwerror=true > /dev/null
	# one file per process: with several, the analyzer does not recognize va_start
	# shellcheck disable=SC2016 # expanded by that shell
	find src compat tools examples -name '*.c' -print0 |
		xargs -0 -P "${AT_ONCE:-2}" -I '{}' sh -c 'clang-tidy --quiet -p "$1" "$2" 2> /dev/null \
			> "$3/$(echo "$2" | tr / _).said" || :' - "$BUILD" '{}' "$work"
	cat "$work"/*.said > "$work/said"
	complaints clang-tidy "$work/said"
	;;
esac
