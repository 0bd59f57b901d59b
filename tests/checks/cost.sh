#!/bin/sh
# usage: cost.sh hardening|batches
# Counts the instructions in user space per packet.
# hardening: with and without the hardening flags. They may differ by 3 % at most. Of about
# 700, there are 18 more: the two functions with arrays of bytes on the stack that are called
# for each packet (receive_and_write, ip_queue_request) need some seven each to set and to
# check the stack protector's guard.
# batches: with LIBIPQ_BATCH. There may be no more than this, and some hundredths, since the
# number depends a little on how many packets happen to wait. Whoever saves some lowers it.
set -eu
BATCHED_MAX=880
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need valgrind
export CC=gcc CXX=g++
export PARTS=instructions WORKLOADS="meta-drop 64-drop"

if [ "$1" = batches ]; then
	TARGETS="tests/bench/flood tests/bench/libipq tests/bench/libstill.so"
	export ROWS=libipq-batch
	build gcc-O2
	mkdir -p "$BUILD/measured"
	tests/bench/measure.sh "$BUILD" "$BUILD/measured"
	awk -v max=$BATCHED_MAX '/^#/ || $3 != "instructions" { next }
		{
			printf "%s, %s: %d of %d\n", $1, $2, $4, max
			lines++
			bad += $4 > max
		}
		END { exit bad || lines != 2 }' "$BUILD/measured/samples"
	exit
fi

# only these are measured
TARGETS="compat/libipq-preload.so tests/bench/flood tests/bench/libipq tests/bench/raw"
export ROWS="libipq raw"
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
