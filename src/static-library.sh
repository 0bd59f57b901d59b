#!/bin/sh
# usage: static-library.sh OUT.a IN.a WORKDIR CC...
# Joins the objects of IN.a into a single one, makes its hidden symbols local, and
# puts it into OUT.a.
set -eu
out=$1 in=$2 work=$3
shift 3
mkdir -p "$work"
"$@" -r -nostdlib -Wl,--whole-archive "$in" -Wl,--no-whole-archive -o "$work/libipq.o"
"${OBJCOPY:-objcopy}" --localize-hidden "$work/libipq.o"
rm -f "$out"
"${AR:-ar}" rcs "$out" "$work/libipq.o"
