#!/bin/sh
# usage: build.sh COMPILER OPTIMIZATION [lto]
# Builds with warnings as errors, and runs the unit tests and some tests with the kernel.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

compiler=$1 optimization=$2 lto=${3-}
export CC="$compiler"
case $compiler in
gcc)	export CXX=g++ ;;
clang)	export CXX=clang++ ;;
esac
need "$CC"
options="-Dwerror=true -Doptimization=$optimization"
if [ "$lto" ]; then
	options="$options -Db_lto=true"
	# other linkers need LLVM's plugin for it
	if [ "$compiler" = clang ]; then
		need ld.lld
		export CC_LD=lld
	fi
fi
TESTS="staged-install hardening byte_order translate hostile ids requests settings_parse
	wire ipqctl-parsers faults-ids handles verdicts payload ipv6 preload-raw preload-linked"
# shellcheck disable=SC2086 # words
build "$compiler-O$optimization${lto:+-$lto}" $options
# shellcheck disable=SC2086
run_tests "$BUILD" $TESTS
