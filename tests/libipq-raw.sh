#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# usage: libipq-raw.sh PROGRAM.c
# Compiles a program that reads and writes the descriptor of its handle itself. It must be
# served if it is compiled with pkg-config's flags for libipq-raw, and not with those for
# libipq; under ipq-run it must be served with all of them, and with libipq.a.
set -eu

place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# usage: compile NAME FLAG...
compile()
{
	name=$1
	shift
	# shellcheck disable=SC2086 # they are several words
	${CC:-cc} ${CFLAGS:-} -D_GNU_SOURCE -o "$place/$name" "$program" "$@"
}

# usage: is_served yes|no COMMAND...
is_served()
{
	served=no wanted=$1
	shift
	! "$@" > "$place/said" 2>&1 || [ "$(cat "$place/said")" != served ] || served=yes
	[ $served = "$wanted" ] || {
		echo "$*: served is $served"
		cat "$place/said"
		exit 1
	}
}

program=$1
# shellcheck disable=SC2046,SC2086 # they are several words
{
	compile raw $(pkg-config --cflags --libs libipq-raw)
	compile shared $(pkg-config --cflags --libs libipq)
	inside=$(pkg-config --static --cflags --libs libipq | sed s/-lipq/-l:libipq.a/)
	compile inside-pie -fPIE -pie $inside
	compile inside-no-pie -fno-PIE -no-pie $inside
}
# even if the other library is in LD_LIBRARY_PATH
is_served yes "$place/raw"
# the program sends a request that only ip_queue understood, and then reads
LIBIPQ_DEBUG=1 "$place/shared" reads > "$place/said" 2>&1 || :
grep -q 'writes to the descriptor.*libipq-raw' "$place/said" || {
	echo "LIBIPQ_DEBUG does not report it"
	exit 1
}
for name in shared inside-pie inside-no-pie; do
	is_served no "$place/$name"
	is_served yes "$STAGED_LIBDIR/../bin/ipq-run" "$place/$name"
done
