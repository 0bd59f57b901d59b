#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: libipq-raw.sh PROGRAM.c
# A program that reads and writes the descriptor of its handle itself is served when it
# is compiled with pkg-config's flags for libipq-raw, and not with those for libipq.
set -eu

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# shellcheck disable=SC2046,SC2086 # they are several words
for module in libipq libipq-raw; do
	${CC:-cc} ${CFLAGS:-} -D_GNU_SOURCE -o "$place/$module" "$1" \
		$(pkg-config --cflags --libs $module)
done

# also where LD_LIBRARY_PATH has the other library
[ "$("$place/libipq-raw")" = served ] || {
	echo "with libipq-raw it is not served"
	exit 1
}
if "$place/libipq"; then
	echo "with libipq alone it is served, too"
	exit 1
fi
