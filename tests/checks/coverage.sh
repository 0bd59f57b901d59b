#!/bin/sh
# usage: coverage.sh
# Lines and branches of src and compat that the tests reach.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need gcovr
export CC=gcc CXX=g++
build coverage -Db_coverage=true -Doptimization=0
# the counters of all processes are added up in files beside the objects
find "$BUILD" -name '*.gcda' -delete
# Not whether they pass, which other checks tell: the counters themselves are
# what some tests forbid (constructors, more names, files and words of others).
meson test -C "$BUILD" --no-rebuild --suite unit --suite system --suite preload || :
report()
{
	gcovr --root . --object-directory "$BUILD" --filter src/ --filter compat/ \
		--exclude-unreachable-branches --gcov-ignore-parse-errors "$@" "$BUILD"
}
report
report --branches
