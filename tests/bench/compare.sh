#!/bin/sh
# usage: compare.sh PRELOAD FLOOD CONSUMER...
# Measures the consumers side by side in a network namespace of its own: CPU
# time per packet (user and system, medians of alternating runs) and
# instructions in user space per packet (callgrind). Each row is also given as
# a ratio to the first consumer's. The one called raw runs with the library
# PRELOAD. ROUNDS and PACKETS in the environment; with PARTS=instructions CPU time
# is not measured.
set -eu

if [ -z "${IN_NAMESPACE:-}" ]; then
	export IN_NAMESPACE=1
	[ "$(id -u)" = 0 ] || exec unshare -Urn "$0" "$@"
	exec unshare -n "$0" "$@"
fi
preload=$(readlink -f "$1") flood=$2
shift 2
rounds=${ROUNDS:-7} packets=${PACKETS:-100000}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$work"' EXIT
export XTABLES_LOCKFILE="$work/lock"
ip link set lo up
iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE
drop=0

# consume OUT SIZE PROGRAM COMMAND...: runs it under flood on another core
consume() {
	out=$1 size=$2
	case $3 in
	*/raw) shift 3; set -- env LD_PRELOAD="$preload" "$@" ;;
	*) shift 3 ;;
	esac
	rm -f "$work/fifo"
	mkfifo "$work/fifo"
	timeout 120 taskset -c 0 "$@" > "$work/fifo" &
	consumer=$!
	{
		read -r _
		taskset -c "$(($(nproc) - 1))" "$flood" 0 "$size" &
		flooder=$!
		cat > "$out"
	} < "$work/fifo"
	wait $consumer
	kill $flooder
	wait $flooder 2>/dev/null || :
}

cpu() { # NAME SIZE RANGE: medians, ratios
	name=$1 size=$2 range=$3
	shift 3
	rm -f "$work"/*.ns
	i=0
	while [ $i -lt "$rounds" ]; do
		for program; do
			consume "$work/one" "$size" "$program" \
				"$program" "$packets" "$range" $drop
			cat "$work/one" >> "$work/$(basename "$program").ns"
		done
		i=$((i + 1))
	done
	first=
	for program; do
		median=$(sort -n "$work/$(basename "$program").ns" |
			sed -n "$((rounds / 2 + 1))p")
		: "${first:=$median}"
		report "$name, CPU ns per packet" "$program" "$median" "$first"
	done
}

# The difference of two runs is the cost of the packets alone.
instructions() { # NAME SIZE RANGE
	name=$1 size=$2 range=$3
	shift 3
	if ! command -v valgrind >/dev/null; then
		echo "$name: instructions not counted: valgrind is not installed"
		return
	fi
	first=
	for program; do
		for n in 100 600; do
			consume "$work/one" "$size" "$program" valgrind -q --tool=callgrind \
				--callgrind-out-file="$work/cg.$n" "$program" $n "$range" $drop
		done
		count=$(awk '/^summary:/ { t[FILENAME] = $2 }
			END { print int((t[ARGV[2]] - t[ARGV[1]]) / 500) }' \
			"$work/cg.100" "$work/cg.600")
		: "${first:=$count}"
		report "$name, user instructions per packet" "$program" "$count" "$first"
	done
}

report() {
	awk -v name="$1" -v program="$(basename "$2")" -v value="$3" -v first="$4" \
		'BEGIN { printf "%-52s %-16s %8d  %5.2f\n", name, program, value, value / first }'
}

instructions "META" 72 0 "$@"
instructions "PACKET 100 bytes" 72 65535 "$@"
[ "${PARTS-}" != instructions ] || exit 0
cpu "META" 72 0 "$@"
cpu "PACKET 100 bytes" 72 65535 "$@"
cpu "PACKET 1428 bytes" 1400 65535 "$@"
