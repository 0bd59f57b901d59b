#!/bin/sh
# usage: cost.sh
# Counts the instructions in user space per packet with and without the hardening flags.
# They may differ by 3 % at most. Of about 700, there are 18 more: the two functions with
# arrays of bytes on the stack that are called for each packet (receive_waiting,
# ip_queue_request) need some seven each to set and to check the stack protector's guard.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need valgrind
export CC=gcc CXX=g++
# only these are measured
TARGETS="compat/libipq-preload.so tests/bench/flood tests/bench/libipq tests/bench/raw"
export PARTS=instructions ROWS="libipq raw" WORKLOADS="meta-drop 64-drop"
for kind in soft hard; do
	case $kind in
	soft)	set -- -Dhardening=false -Db_pie=false ;;
	hard)	set -- ;;
	esac
	build "cost-$kind" "$@"
	mkdir -p "$BUILD/measured"
	tests/bench/measure.sh "$BUILD" "$BUILD/measured"
done
awk '/^#/ || $3 != "instructions" { next }
	FNR == NR { soft[$1 $2] = $4; next }
	{
		grown = ($4 / soft[$1 $2] - 1) * 100
		printf "%s, %s: %d and hardened %d, %+.1f %%\n", $1, $2, soft[$1 $2], $4, grown
		lines++
		bad += grown > 3
	}
	END { exit bad || lines != 4 }' \
	"$BUILDS/cost-soft/measured/samples" "$BUILDS/cost-hard/measured/samples"
