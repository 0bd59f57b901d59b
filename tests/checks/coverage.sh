#!/bin/sh
# usage: coverage.sh
# Lines and branches of src and compat that the tests reach, in per cent; those they do
# not, with the reasons in tests/checks/unreached.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

# Both are to rise again: movers and their workers are mostly killed, and write no counts;
# compat/supervise, compat/surroundings and traces have paths that only faults reach.
lines=91 branches=81

need gcovr python3
export CC=gcc CXX=g++
# threads count in the same counters; COUNTED: also before another program is executed, and
# in processes that do not exit
build coverage -Dwerror=true -Db_coverage=true -Doptimization=0 \
	-Dc_args='-fprofile-update=atomic -DCOUNTED'
# the counters of all processes are added up in files beside the objects
find "$BUILD" -name '*.gcda' -delete
# Not whether they pass, which other checks tell: the counters themselves are
# what some tests forbid (constructors, more names, files and words of others).
meson test -C "$BUILD" --no-rebuild --timeout-multiplier 4 \
	--suite unit --suite system --suite batched --suite faults --suite preload \
	--suite carried --suite supervise --suite old-kernel --suite tools || :
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
