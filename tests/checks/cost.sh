#!/bin/sh
# usage: cost.sh
# User instructions per packet with and without the hardening flags, which differ
# by 3 % at most: of some 700 there are 18 more, as both functions that have byte
# arrays on the stack are called for every packet (receive_waiting,
# ip_queue_request) and each has some seven to set its guard and look at it.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need valgrind
export CC=gcc CXX=g++
# nothing else is looked at
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
