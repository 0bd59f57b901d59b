#!/bin/sh
# usage: coverage.sh
# Prints which lines and branches of src and compat the tests reach, in percent, and those
# that they do not reach, with the reasons in tests/checks/unreached.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

# Both limits are to rise again: mover processes and their workers are usually killed, so
# their counts are not written; compat/supervise, compat/surroundings and traces have
# code that only failures reach.
lines=93 branches=82

need gcovr python3
export CC=gcc CXX=g++
# Threads share the counters. COUNTED: the counts are also written before another program
# is executed, and in processes that do not exit.
build coverage -Dwerror=true -Db_coverage=true -Doptimization=0 \
	-Dc_args='-fprofile-update=atomic -DCOUNTED'
# the counts of all processes are added up in files next to the objects
find "$BUILD" -name '*.gcda' -delete
# Failed tests are not errors here, since other checks run them: the counters are things
# that some tests forbid (constructors, exported names, opened files, output).
meson test -C "$BUILD" --no-rebuild --timeout-multiplier 4 \
	--suite unit --suite system --suite faults --suite preload \
	--suite supervise --suite old-kernel --suite tools || :
report()
{
	gcovr --root . --object-directory "$BUILD" --filter src/ --filter compat/ \
		--exclude-unreachable-branches --gcov-ignore-parse-errors "$@" "$BUILD"
}
report --branches
report --json "$BUILD/coverage.json"
tests/checks/unreached.py "$BUILD/coverage.json" tests/checks/unreached || failed=1
report --fail-under-line $lines --fail-under-branch $branches
[ ! "${failed-}" ]
