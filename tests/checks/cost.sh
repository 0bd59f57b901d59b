#!/bin/sh
# usage: cost.sh
# User instructions per packet with and without the hardening flags, which differ
# by 2 % at most.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

need valgrind
export CC=gcc CXX=g++
for kind in soft hard; do
	case $kind in
	soft)	set -- -Dhardening=false -Db_pie=false ;;
	hard)	set -- ;;
	esac
	build "cost-$kind" "$@"
	PARTS=instructions tests/bench/compare.sh "$BUILD/compat/libipq-preload.so" \
		"$BUILD/tests/bench/flood" "$BUILD/tests/bench/libipq" \
		"$BUILD/tests/bench/raw" > "$BUILDS/cost-$kind.txt"
	cat "$BUILDS/cost-$kind.txt"
done
awk 'FNR == NR { soft[FNR] = $(NF - 1); next }
	{
		grown = ($(NF - 1) / soft[FNR] - 1) * 100
		printf "%s: %+.1f %%\n", $0, grown
		lines++
		bad += grown > 2
	}
	END { exit bad || lines != 4 }' "$BUILDS/cost-soft.txt" "$BUILDS/cost-hard.txt"
