#!/bin/sh
# usage: instances.sh IPQ_RUN BUSY SCATTER
# Measures what a second instance gains for a program that computes for 20 microseconds on
# each packet: packets per second with one instance and with two, in alternating runs. All
# packets wait in the queues before the first is decided on, so nothing is sent meanwhile.
# Runs are repeated if an instance had less than 95 percent of a processor, because other
# programs used it. Environment: ROUNDS and PACKETS.
set -eu

ipq_run=$1 busy=$2 scatter=$3
[ "$(nproc)" -gt 1 ] || { echo "skipped: there is only one processor"; exit 77; }
# an unprivileged user's receive buffer is too small for so many (net.core.rmem_max)
[ "$(id -u)" = 0 ] || { echo "skipped: it has to run as root"; exit 77; }
if [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=1 exec unshare -n "$0" "$@"
fi
PATH=$PATH:/usr/sbin:/sbin
rounds=${ROUNDS:-9} packets=${PACKETS:-40000} addresses=4096
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$work"' EXIT
export XTABLES_LOCKFILE="$work/lock"
ip link set lo up
iptables-legacy -A INPUT -p udp --dport 9 -j DROP
mkfifo "$work/go" "$work/out"

# usage: drain COUNT TARGET...
# Lets COUNT instances decide on all packets. Prints packets per second; packets per
# second of CPU time of the busiest instance, which is the rate if each had a processor of
# its own; CPU microseconds per packet; the smallest percentage of a processor that an
# instance had; and the percentage of packets in the fullest queue.
drain() {
	count=$1
	shift
	iptables-legacy -F OUTPUT
	iptables-legacy -A OUTPUT -p udp --dport 9 -j NFQUEUE "$@"
	exec 9<>"$work/go"
	timeout 120 "$ipq_run" --maxlen "$packets" --instances "$count" \
		"$busy" "$computed" <"$work/go" >"$work/out" 2>"$work/errors" 9>&- &
	{
		for _ in $(seq "$count"); do
			read -r _ || { cat "$work/errors" >&2; exit 1; }
		done
		"$scatter" "$packets" "$addresses" 9>&-
		exec 9>&-
		cat
	} <"$work/out" >"$work/said"
	wait $! || { cat "$work/errors" >&2; exit 1; }
	awk -v packets="$packets" '
		{ sum += $1; cpu += $4; had = 100 * $4 / ($3 - $2) }
		NR == 1 || had < least { least = had }
		NR == 1 || $2 < first { first = $2 }
		$3 > last { last = $3 }
		$1 > most { most = $1 }
		$4 > busiest { busiest = $4 }
		END {
			if (sum != packets) {
				print sum " of " packets " were decided on" >"/dev/stderr"
				exit 1
			}
			print packets / (last - first) * 1e9, packets / busiest * 1e9, \
				cpu / packets / 1e3, least, 100 * most / packets
		}' "$work/said"
}

computed=$("$busy")
echo "$packets packets to $addresses addresses;" \
	"load average $(cut -d ' ' -f 1 /proc/loadavg)"
: >"$work/undisturbed"
tries=0
while [ "$(wc -l <"$work/undisturbed")" -lt "$rounds" ] &&
	[ $tries -lt $((rounds * 3)) ]; do
	drain 1 --queue-num 0 >"$work/one"
	drain 2 --queue-balance 0:1 >"$work/two"
	paste "$work/one" "$work/two" | awk '{ print $0, $6 / $1, $7 / $2 }' >>"$work/all"
	tail -n 1 "$work/all" | awk '$4 > 95 && $9 > 95' >>"$work/undisturbed"
	tries=$((tries + 1))
done

# usage: median FILE COLUMN
median() {
	awk -v column="$2" '{ print $column }' "$1" | sort -n |
		awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row() { # FILE TITLE COLUMN
	printf '  %-32s %10.1f %10.1f\n' "$2" "$(median "$1" "$3")" \
		"$(median "$1" $(($3 + 5)))"
}

report() { # TITLE FILE
	[ -s "$2" ] || { echo "$1: none"; return; }
	echo "$1: $(wc -l <"$2") pairs of runs, medians"
	printf '  %-32s %10s %10s\n' '' one two
	row "$2" 'packets per second' 1
	row "$2" 'the same by CPU time' 2
	row "$2" 'CPU us per packet' 3
	row "$2" 'percent of a processor' 4
	row "$2" 'percent in the fullest queue' 5
	printf '  %-32s %21.2f  of' 'two to one' "$(median "$2" 11)"
	awk '{ printf " %.2f", $11 } END { print "" }' "$2"
	printf '  %-32s %21.2f\n' 'the same by CPU time' "$(median "$2" 12)"
}

report undisturbed "$work/undisturbed"
[ "$tries" = "$rounds" ] || report all "$work/all"
