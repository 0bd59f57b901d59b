#!/bin/sh
# usage: memory.sh sanitizers | threads | valgrind
# The tests with what watches memory: gcc's address and undefined behaviour
# sanitizers (scripts/test has clang's), the thread sanitizer, memcheck.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

export CC=gcc CXX=g++
case $1 in
sanitizers)
	export ASAN_OPTIONS=strict_string_checks=1
	export LSAN_OPTIONS="suppressions=$PWD/tests/leaks:print_suppressions=0"
	export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
	build sanitizers -Db_sanitize=address,undefined -Db_lundef=false
	run_tests "$BUILD" --suite unit --suite system --timeout-multiplier 4
	;;
threads)
	need setarch
	# Criterion's arena lies where this sanitizer lets nothing lie
	build threads -Dplain_tests=true -Db_sanitize=thread -Db_lundef=false
	# a handler runs only once the system call it interrupts has ended
	export PLAIN_SKIP=and_the_read_goes_on_if_it_restarts
	# no more random addresses than it knows of
	for test in threads forks readiness devices; do
		setarch -R "$BUILD/tests/system-$test"
	done
	;;
valgrind)
	need valgrind
	build valgrind -Doptimization=1
	run_tests "$BUILD" --setup valgrind requests translate settings_parse handles \
		verdicts reading
	;;
esac
