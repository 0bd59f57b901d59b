#!/bin/sh
# usage: abi.sh [update]
# Compares names, types and layout of libipq.so.0 with tests/abi/libipq.so.0.abi.
# After an intended change: BUILDS=build-check tests/checks/abi.sh update.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need abidw abidiff
# the reference was made on 64-bit x86
[ "$(uname -m)" = x86_64 ] || skip "the reference is for x86_64 only"
export CC=gcc CXX=g++
build gcc-O2 -Dwerror=true -Doptimization=2 > /dev/null
reference=tests/abi/libipq.so.0.abi
if [ "${1-}" = update ]; then
	abidw --headers-dir include --drop-private-types --no-corpus-path --no-comp-dir-path --no-show-locs \
		"$BUILD/src/libipq.so.0" | sed "s|path='[^']*/src/|path='src/|" > "$reference"
	exit
fi
abidiff "$reference" "$BUILD/src/libipq.so.0"
