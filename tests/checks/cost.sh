#!/bin/sh
# usage: cost.sh hardening|batches
# User instructions per packet.
# hardening: with and without the hardening flags, which differ by 3 % at most: of some
# 700 there are 18 more, as both functions that have byte arrays on the stack are called
# for every packet (receive_waiting, ip_queue_request) and each has some seven to set its
# guard and look at it.
# batches: with LIBIPQ_BATCH no more than this, and some hundredths, as it depends a little
# on how many packets happen to wait. Whoever saves some lowers it.
set -eu
BATCHED_MAX=1400
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

# nothing else is looked at
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
