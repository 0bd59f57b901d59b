#!/bin/sh
# usage: measure.sh BUILD OUT [quick]
# Measures the programs of BUILD/tests/bench that decide on packets, alternately, in a
# network namespace of its own. Writes a line for each figure (workload, program, metric,
# value) to OUT/samples; lines that begin with # describe the machine and what was left
# out. report.awk makes tables of them. Environment: PARTS, ROWS and WORKLOADS select
# what is measured.
set -eu

if [ -z "${IN_NAMESPACE:-}" ]; then
	export IN_NAMESPACE=1
	[ "$(id -u)" = 0 ] || exec unshare -Urn "$0" "$@"
	exec unshare -n "$0" "$@"
fi
here=$(dirname "$0")
mkdir -p "$2"
build=$(readlink -f "$1") out=$(readlink -f "$2") quick=${3-}
preload=$build/compat/libipq-preload.so
export PATH="$build/tests/bench:$PATH:/usr/sbin:/sbin" LC_ALL=C
# shellcheck disable=SC2046 # words
unset TIMEOUT BATCH GSO $(env | sed -n 's/^\(LIBIPQ_[A-Za-z0-9_]*\)=.*/\1/p')

# CPU time of a run in ns; limits of rounds; seconds for all rounds
run=200000000 least=7 most=21 budget=30
workloads="meta-drop 64-drop 1400-drop 60000-drop
	meta-accept 64-accept 1400-accept 60000-accept"
counted="meta-drop meta-input 64-drop 1400-drop 60000-drop"
singles="meta-single 1400-single" trips=5000
lengths="1 16 256 1024 4096 16384 32768"
others="0 16 256 4096"
if [ "$quick" ]; then
	run=50000000 least=3 most=5 budget=5
	workloads="meta-drop 1400-drop 1400-accept"
	counted="meta-drop 1400-drop"
	singles="meta-single" trips=1000
	lengths="1 256 4096"
	others="0 256"
fi
parts=${PARTS:-cpu calls instructions single tcp waiting queues families supervised untouched}
rows=${ROWS:-classic mnl libipq libipq-timeout raw mnl-batch libipq-batch}
tcp_rows=${ROWS:-classic mnl libipq mnl-batch libipq-batch mnl-gso libipq-gso libipq-batch-gso}
workloads=${WORKLOADS:-$workloads}
counted=${WORKLOADS:-$counted}

work=$(mktemp -d)
consumer='' sender=''
cleanup()
{
	for process in $consumer $sender; do
		kill "$process" 2> /dev/null || :
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

fail()
{
	echo "bench: $*" >&2
	[ ! -s "$work/errors" ] || sed 's/^/bench:   /' "$work/errors" >&2
	exit 1
}

leave_out()
{
	echo "# left-out $*" >> "$out/samples"
	echo "left out: $*"
}

# usage: sample METRIC VALUE: records a figure for $workload and $row
sample()
{
	echo "$workload $row $1 $2" >> "$out/samples"
}

# Sets size, range, verdict and port of $workload.
describe()
{
	size=64 range=65535 verdict=0 port=9
	case $workload in
	meta-*)		range=0 ;;
	[0-9]*-*)	size=${workload%%-*} ;;
	esac
	case $workload in
	*-input)	port=10 ;;
	*-accept)	verdict=1 ;;
	esac
}

# usage: program PACKETS RANGE VERDICT [COMMAND...]
# Executes the program of $row, through COMMAND if given, for 60 s at most.
program()
{
	arguments="$1 $2 $3"
	shift 3
	case $row in
	classic)		set -- "$@" native-classic ;;
	mnl)			set -- "$@" native-mnl ;;
	mnl-batch)		set -- env BATCH=64 "$@" native-mnl ;;
	mnl-gso)		set -- env GSO=1 "$@" native-mnl ;;
	libipq)			set -- "$@" libipq ;;
	libipq-timeout)		set -- env TIMEOUT=1000000 "$@" libipq ;;
	libipq-gso)		set -- env LIBIPQ_GSO=1 "$@" libipq ;;
	libipq-batch)		set -- env LIBIPQ_BATCH=64 "$@" libipq ;;
	libipq-batch-gso)	set -- env LIBIPQ_BATCH=64 LIBIPQ_GSO=1 "$@" libipq ;;
	each)			set -- env LIBIPQ_QUEUE6=1 "$@" families ;;
	shared)			set -- "$@" families ;;
	supervised)		set -- "$@" "$build/compat/ipq-run" --no-iptables \
					"$build/tests/bench/raw-static" ;;
	raw)			set -- env LD_PRELOAD="$preload" "$@" raw ;;
	*)			fail "$row: no such program" ;;
	esac
	# shellcheck disable=SC2086 # words
	exec timeout -k 1 60 taskset -c "$decider_cpu" "$@" $arguments 2> "$work/errors"
}

# Waits until the program sleeps in its first read: libipq tries to read before it waits
# for the first time, so the system calls for a packet differ before and after.
wait_for_sleep()
{
	children=/proc/$consumer/task/$consumer/children tries=0
	[ -e "$children" ] || return 0	# the kernel has no CONFIG_PROC_CHILDREN
	while [ $((tries += 1)) -le 500 ]; do
		read -r pid < "$children" || :
		case $(sed -n 's/^State:.\(.\).*/\1/p' "/proc/${pid:-self}/status") in
		S)	return ;;
		esac
		sleep 0.01
	done
	fail "$workload, $row: the program does not wait for packets"
}

# usage: decide SENDER PACKETS RANGE VERDICT [COMMAND...]
# Runs the program of $row, and SENDER (words) on another processor from when the program
# is ready until it ends. Sets packets (all but the first), cpu, wall (ns), bytes (of
# payload) and peak (KiB).
decide()
{
	sending=$1
	shift
	rm -f "$work/fifo"
	mkfifo "$work/fifo"
	program "$@" > "$work/fifo" &
	consumer=$!
	{
		read -r ready || :
		[ "$ready" = ready ] || fail "$workload, $row: the program does not start"
		wait_for_sleep
		# the sender ends by itself after a minute
		# shellcheck disable=SC2086 # words
		taskset -c "$sender_cpu" $sending > "$work/sender" 2>> "$work/errors" &
		sender=$!
		read -r packets cpu wall bytes peak || :
	} < "$work/fifo"
	wait $consumer || fail "$workload, $row: the program fails, or takes more than 60 s"
	consumer=
	case $sending in
	round-trip*)	wait $sender || fail "$workload, $row: packets are lost" ;;
	*)		kill $sender || fail "$workload: the sender fails"
			wait $sender 2> /dev/null || : ;;
	esac
	sender=
}

# usage: calibrate SENDER: sets the number of packets of $workload in a run of $row
calibrate()
{
	decide "$1" 2001 "$range" "$verdict"
	n=$((packets * (run / 1000) / (cpu / 1000 + 1)))
	[ $n -ge 2000 ] || n=2000
	echo $((n + 1)) > "$work/packets.$row"
}

# usage: rounds METRIC COMMAND
# Runs COMMAND for each of $rows alternately, until the medians of METRIC are known well
# enough or the time is used up.
rounds()
{
	begun=$(date +%s) round=0
	while [ $round -lt $most ] && [ $(($(date +%s) - begun)) -lt $budget ]; do
		for row in $rows; do
			$2
		done
		round=$((round + 1))
		[ $round -lt $least ] ||
			! awk -f "$here/report.awk" -v form=settled -v workload="$workload" \
				-v metric="$1" "$out/samples" || break
	done
	echo "measured: $workload, $round rounds, $(($(date +%s) - begun)) s"
}

one_cpu()
{
	decide "flood $size $port" "$(cat "$work/packets.$row")" "$range" "$verdict"
	sample cpu $((cpu / packets))
	sample rate $((packets * 1000000 / (wall / 1000)))
	sample busy $((cpu * 100 / wall))
	sample peak "$peak"
}

measure_cpu()
{
	for workload in $workloads; do
		describe
		for row in $rows; do
			calibrate "flood $size $port"
		done
		rounds cpu one_cpu
	done
}

# usage: count METRIC COMMAND
# COMMAND sets total for a number of packets; the difference of two runs is the cost of
# the packets alone.
count()
{
	for workload in $counted; do
		describe
		for row in $rows; do
			$2 201
			few=$total
			$2 1201
			sample "$1" "$(echo "$few $total" | awk '{ print ($2 - $1) / 1000 }')"
		done
		echo "measured: $workload, $1"
	done
}

count_calls()
{
	decide "flood $size $port apart" "$1" "$range" "$verdict" strace -f -c -o "$work/calls"
	total=$(awk '$NF == "total" { print $4 }' "$work/calls")
}

measure_calls()
{
	count calls count_calls
}

count_instructions()
{
	case $row in
	libipq-batch*)	still=LD_PRELOAD=$build/tests/bench/libstill.so ;;
	*)		still=PRELOADED=nothing ;;
	esac
	decide "flood $size $port apart" "$1" "$range" "$verdict" env "$still" valgrind \
		-q --tool=callgrind --callgrind-out-file="$work/callgrind"
	total=$(awk '/^summary:/ { print $2 }' "$work/callgrind")
}

measure_instructions()
{
	count instructions count_instructions
}

one_round_trip()
{
	decide "round-trip $trips $size" "$trips" "$range" 1
	read -r median late < "$work/sender"
	sample median "$median"
	sample late "$late"
}

measure_single()
{
	for workload in $singles; do
		describe
		rounds median one_round_trip
	done
}

one_stream()
{
	decide stream "$(cat "$work/packets.$row")" 65535 1
	sample cpu-kib "$(echo "$cpu $bytes" | awk '{ print $1 * 1024 / $2 }')"
	sample mib "$(echo "$wall $bytes" | awk '{ print $2 / 1048576 / ($1 / 1e9) }')"
	sample size $((bytes / packets))
}

# On lo, with Ethernet's MTU: the kernel passes on up to 64 KiB in one piece (GSO).
measure_tcp()
{
	workload=tcp
	describe
	verdict=1
	ip link set lo mtu 1500
	all=$rows rows=$tcp_rows
	for row in $rows; do
		calibrate stream
	done
	rounds cpu-kib one_stream
	rows=$all
	ip link set lo mtu 65536
}

measure_waiting()
{
	# shellcheck disable=SC2086 # words
	timeout -k 1 100 taskset -c "$decider_cpu" waiting $lengths \
		> "$work/waiting" 2> "$work/errors" || fail "waiting: the program fails"
	while read -r number oldest newest; do
		workload=waiting-$number
		row=oldest && sample verdict "$oldest"
		row=newest && sample verdict "$newest"
	done < "$work/waiting"
	echo "measured: verdicts while packets wait"
}

# The program's queue is bound before the others. This is the worst case: the
# kernel finds it last.
measure_queues()
{
	workload=queues row=libipq
	describe
	range=0
	calibrate "flood $size"
	for round in 1 2 3 4 5; do
		for number in $others; do
			workload=queues-$number
			decide "queues $number flood $size" "$(cat "$work/packets.$row")" 0 0
			sample cpu $((cpu / packets))
		done
	done
	echo "measured: other queues, $round rounds"
}

one_of_both()
{
	decide "flood $size $(port_of "$row") both" "$(cat "$work/packets.$row")" "$range" \
		"$verdict"
	sample cpu $((cpu / packets))
	sample rate $((packets * 1000000 / (wall / 1000)))
}

port_of()
{
	[ "$1" = each ] && echo 11 || echo 9
}

# Two handles of one program, with a queue number for each and with one for both.
measure_families()
{
	all=$rows rows="each shared"
	for workload in families-drop families-accept; do
		describe
		range=0
		for row in $rows; do
			calibrate "flood $size $(port_of "$row") both"
		done
		rounds cpu one_of_both
	done
	workload=families-single
	describe
	range=0
	rounds median one_round_trip
	rows=$all
}

one_supervised()
{
	decide "flood $size $port" "$(cat "$work/packets.$row")" "$range" "$verdict"
	sample rate $((packets * 1000000 / (wall / 1000)))
}

# The same program preloaded, and linked statically and supervised. Both processes of the
# latter run on one processor, and the CPU time is that of both.
measure_supervised()
{
	if [ ! -x "$build/tests/bench/raw-static" ]; then
		leave_out "supervised: there is no static C library"
		return
	fi
	all=$rows rows="raw supervised"
	for workload in supervised-meta supervised-1400; do
		describe
		[ "$workload" = supervised-1400 ] && size=1400 || range=0
		for row in $rows; do
			calibrate "flood $size $port"
		done
		rounds rate one_supervised
	done
	workload=supervised-single
	describe
	range=0
	rounds median one_round_trip
	rows=$all
}

one_untouched()
{
	case $row in
	alone)		set -- ;;
	filtered)	set -- untouched --filtered ;;
	supervised)	set -- "$build/compat/ipq-run" --supervise --no-iptables ;;
	esac
	timeout -k 1 60 taskset -c "$decider_cpu" "$@" "$build/tests/bench/untouched" \
		--measure "${workload#untouched-}" > "$work/untouched" 2> "$work/errors" ||
		fail "$workload, $row: the program fails"
	read -r cpu wall < "$work/untouched"
	sample cpu "$cpu"
}

# What a program does besides deciding on packets: alone, with a seccomp filter that
# allows everything, and supervised.
measure_untouched()
{
	all=$rows rows="alone filtered supervised"
	for workload in untouched-block untouched-copy untouched-tcp; do
		rounds cpu one_untouched
	done
	rows=$all
}

# usage: usable ROW...: prints those whose settings the library supports; records the
# others
usable()
{
	for row; do
		said=$(program 0 0 0) || :
		if [ "$said" != ready ] && grep -q 'no such setting' "$work/errors"; then
			grep -q "^# left-out $row:" "$out/samples" ||
				leave_out "$row: $(head -n 1 "$work/errors")" >&2
		else
			echo "$row"
		fi
	done
}

{
	echo "# kernel $(uname -sr)"
	echo "# processor $(nproc) x $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)"
	echo "# date $(date -u +%F)"
	echo "# load $(cut -d ' ' -f 1-3 /proc/loadavg)"
} > "$out/samples"

# the first and the last of the processors that may be used
list=$(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status)
decider_cpu=${list%%[,-]*} sender_cpu=${list##*[,-]}
[ "$decider_cpu" != "$sender_cpu" ] || fail "two processors are needed"

export XTABLES_LOCKFILE="$work/lock"
ip link set lo up
iptables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE
iptables-legacy -A OUTPUT -p tcp --dport 9 -j QUEUE
iptables-legacy -A INPUT -p udp --dport 10 -j QUEUE
ip6tables-legacy -A OUTPUT -p udp --dport 9 -j QUEUE
iptables-legacy -A OUTPUT -p udp --dport 11 -j QUEUE
ip6tables-legacy -A OUTPUT -p udp --dport 11 -j NFQUEUE --queue-num 1
# shellcheck disable=SC2086 # words
rows=$(usable $rows)
# shellcheck disable=SC2086 # words
tcp_rows=$(usable $tcp_rows)

for part in $parts; do
	case $part in
	calls)		needed=strace ;;
	instructions)	needed=valgrind ;;
	*)		needed=taskset ;;
	esac
	if command -v $needed > /dev/null; then
		"measure_$part"
	else
		leave_out "$part: $needed is not installed"
	fi
done
