#!/bin/sh
# usage: capture.sh TESTS FUZZERS [FOUND]
# Rebuilds tests/fuzz/corpus from messages that tests of the build TESTS send and
# receive, from the output of this system's iptables, nft and /proc, and from texts in
# this script. Inputs that add no coverage in the harnesses of the build FUZZERS are
# left out (build these with -Doptimization=0, so that no two branches are merged).
# Inputs of the old corpus, and of a longer run in FOUND/HARNESS, are kept if they add
# coverage. Run as root.
set -eu

PATH=$PATH:/usr/sbin:/sbin
[ "${4-}" = inside ] || exec unshare -n "$0" "$1" "$2" "${3-}" inside
tests=$(realpath "$1") fuzzers=$(realpath "$2")/tests/fuzz
more=${3:+$(realpath "$3")}
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for harness in *.c; do
	[ "$harness" = capture.c ] || mkdir "$work/${harness%.c}"
done
cc -shared -fPIC -O2 -Wall -D_GNU_SOURCE -o "$work/capture.so" capture.c

echo "* messages of the kernel and of programs"
meson test -C "$tests" --no-rebuild --wrapper "env LD_PRELOAD=$work/capture.so \
	KERNEL_SAID=$work/translate PACKETS=$work/packet" \
	copies debug devices families ipv6 metadata modes ownership payload privileges \
	reading verdicts > "$work/log" || grep ' FAIL ' "$work/log"
# requests of programs that use netlink themselves; these tests preload PRELOAD
meson test -C "$tests" --no-rebuild --wrapper "env \
	PRELOAD=$work/capture.so:$tests/compat/libipq-preload.so \
	PROGRAM_SAID=$work/wire" \
	preload-raw preload-requests > "$work/log" || grep ' FAIL ' "$work/log"

echo "* output of this system's commands"
ip link set lo up
export XTABLES_LOCKFILE="$work/lock"
for command in iptables-legacy ip6tables-legacy iptables-nft; do
	$command -A INPUT -p udp --dport 7 -m comment --comment "to \"-j QUEUE\" it's \\ so" \
		-j NFQUEUE --queue-num 0
	$command -A INPUT -p tcp -m multiport --dports 25,80 -j NFQUEUE \
		--queue-balance 4:7 --queue-bypass
	$command -t mangle -A PREROUTING -m mark --mark 0x1/0xff -j NFQUEUE --queue-num 65535
	$command -A OUTPUT -j LOG --log-prefix "queued: "
	$command -N queue
	$command -A FORWARD -m comment --comment -j -g queue
	$command -A INPUT -j queue
	[ "$command" = iptables-nft ] || $command -A OUTPUT -p icmp -j QUEUE
	$command-save > "$work/saved-rule/$command"
	$command-save -c > "$work/saved-rule/$command-c"
done 2> /dev/null
nft -a list ruleset > "$work/saved-rule/nft" 2> /dev/null
nft -ast list ruleset > "$work/saved-rule/nft-st" 2> /dev/null
# not all kernels support nft's own queue statement
cat > "$work/saved-rule/nft-queue" <<'end'
table inet filter { # handle 4
	set hosts { # handle 2
		type ipv4_addr
		elements = { 10.9.0.1, 10.9.0.2 }
	}

	chain input { # handle 1
		type filter hook input priority filter; policy accept;
		ip saddr @hosts queue to 3-5 # handle 3
		udp dport 7 queue flags bypass,fanout to 8-9 # handle 5
		tcp dport { 22, 80 } counter packets 0 bytes 0 queue to 0 comment "a queue num 3" # handle 7
		meta mark 0x00000001 queue num 3-5 bypass,fanout # handle 8
		log prefix "it's \" queue to numgen inc mod 2 # handle 9
		jump queue # handle 10
	}
}
end
for listing in "$work"/saved-rule/*; do
	cp "$listing" "$work/jump/"
	cp "$listing" "$work/text/"
	{ printf '5\n'; cat "$listing"; } > "$work/rules/${listing##*/}"
done
for queue in 0 4-7; do
	LIBIPQ_MAXLEN=-1 LIBIPQ_QUEUE=$queue "$tests/examples/passer" 1 &
	passer=$!
	tries=0
	until grep -q " $((1040000000 + passer)) " /proc/net/netfilter/nfnetlink_queue; do
		[ $((tries += 1)) -lt 100 ] || { echo "passer has not bound its queue"; exit 1; }
		sleep 0.1
	done
	cat /proc/net/netfilter/nfnetlink_queue /proc/net/netlink > "$work/queue-line/$queue"
	tr '\0' '\n' < "/proc/$passer/environ" | grep ^LIBIPQ | tr '\n' '\0' \
		> "$work/queue-line/environ-$queue"
	kill $passer
	wait $passer 2> /dev/null || :
done

echo "* rules, scripts and settings as people write them"
cat > "$work/jump/start" <<'end'
#!/bin/sh
# firewall for the IDS; needs ip_queue
IPT=/sbin/iptables IPT6=/sbin/ip6tables
modprobe ip_queue && echo 4096 > /proc/sys/net/ipv4/ip_queue_maxlen
$IPT -F; $IPT -P FORWARD DROP	# -j QUEUE comes later
for dev in eth0 eth1; do
	"$IPT" -A FORWARD -i $dev -p tcp --dport 25 -j QUEUE || exit 1
	$IPT6 -A FORWARD -i $dev -m comment --comment "mail; -j QUEUE" \
		--jump="QUEUE"
done
TARGET=QUEUE; sh -c 'iptables -I INPUT 1 -jQUEUE && ip6tables -j \"QUEUE\"' &
(sudo iptables -t mangle -A PREROUTING -m string --string 'a;b' -j 'QUEUE' | logger)
end
# rules that end where the text ends
while IFS= read -r rule; do
	printf '%s' "$rule" > "$work/jump/$(echo "$rule" | cksum | tr -d ' ')"
done <<'end'
iptables -j 'QUEUE
iptables -j "QUEUE
iptables -j \"QUEUE
iptables -j \"QUEUE\
iptables -j QUEUE \
iptables -j 'QUEUE'
iptables --jump=QUEUE
iptables --jump=XQUEUE
iptables -A INPUT -fvj QUEUE -6jQUEUE
sh -c "iptables --jump=\"QUEUE\"
end
cat > "$work/rules/start" <<'end'
4-7
-t mangle -I PREROUTING 1 -i eth0 -p tcp --syn --dport 25 --jump QUEUE
-A INPUT -p icmp --icmp-type 8 -jQUEUE
-A FORWARD -m state --state ESTABLISHED,RELATED -j ACCEPT
-A x -m comment --comment "said \"-j QUEUE\"" --jump=QUEUE
-A x -m comment --comment -jQUEUE -j "QUEUE"
-A x -j LOG --log-prefix "-j QUEUE "
-A QUEUE -g QUEUE
-A x -4fvj QUEUE -vjQUEUE
end
for setting in 0 65535 010 3-3 0-255 7:9 65536 7-4 x ''; do
	printf '%s\n-j QUEUE --ju QUEUE\n' "$setting" > "$work/rules/setting-$setting"
done
setting()
{
	printf '%s\0' "$@" > "$work/settings/$(echo "$*" | cksum | tr -d ' ')"
}
for name in QUEUE QUEUE6 MAXLEN RCVBUF FAIL_OPEN BATCH GSO DEBUG; do
	for value in 0 1 2 7 -1 -0 +1 '' x 1x ' 1' 65535 65536 1073741823 4294967295 \
		99999999999999999999 0-255 0-256 4-7 7-4 4- 4-x; do
		setting "LIBIPQ_$name=$value"
	done
done
setting HOME=/ LIBIPQ_QUEUE=4 LIBIPQ_QUEUE6=8-11 LIBIPQ_MAXLEN=4096 LIBIPQ_DEBUG=1
setting LIBIPQ= LIBIPQ_ LIBIPQ_QUEUE LIBIPQ_QUEUE7=1
setting LIBIPQ_RCVBUF=100000 LIBIPQ_RCVBUF=0 XLIBIPQ_QUEUE=x

echo 'int main(void) { return 0; }' > "$work/main.c"
for flags in -pie -no-pie -static -static-pie -m32 '-m32 -static' -shared; do
	# shellcheck disable=SC2086 # words
	cc $flags -fPIC -s -o "$work/main" "$work/main.c" 2> /dev/null || continue
	{ printf '\001'; head -c 1024 "$work/main"; } > "$work/program/elf$flags"
	{ printf '\341'; head -c 1024 "$work/main"; } > "$work/program/suid$flags"
	{ printf '\211'; head -c 1024 "$work/main"; } > "$work/program/sgid$flags"
done
printf '\001# no interpreter\n' > "$work/program/comment"
for first in 1 2 7 11 21 31; do
	printf '%b#!/bin/sh\n' "\\0$first" > "$work/program/sh-$first"
	printf '%b#! /usr/bin/env sh -s\n' "\\0$first" > "$work/program/env-$first"
	printf '%becho no interpreter\n' "\\0$first" > "$work/program/none-$first"
done

# NLMSG_NOOP, which netlink itself processes
printf '\020\0\0\0\001\0\001\0\0\0\0\0\001\0\0\0' > "$work/wire/noop"
{ printf '\001#!/bin/sh '; head -c 5000 /dev/zero | tr '\0' x; } > "$work/program/long"
cp "$work/jump/start" "$work/text/"
printf 'it is "so" \\ \033[1m\177 \303\244 \342\202\254 \360\237\230\200 \300\200 \355\240\200 \364\220\200\200' \
	> "$work/report/text"

echo "* inputs that add coverage"
before=$work/before
for harness in *.c; do
	name=${harness%.c} dir=$work/${harness%.c} found=
	[ "$name" != capture ] || continue
	[ ! -d "${more:-.}/$name" ] || found=$more/$name
	mkdir -p "corpus/$name"
	rm -rf "$before"
	mv "corpus/$name" "$before"
	mkdir "corpus/$name"
	# captured inputs come first; of the others, only those are kept
	# that reach new code
	{
		"$fuzzers/fuzz-$name" -merge=1 "corpus/$name" "$dir"
		"$fuzzers/fuzz-$name" -merge=1 -use_counters=0 "corpus/$name" "$before" ${found:+"$found"}
	} > "$work/log" 2>&1 || { cat "$work/log"; exit 1; }
	echo "$name: $(find "$dir" -type f | wc -l) seeds, $(find "corpus/$name" -type f |
		wc -l) kept"
done
# reaches the same code as a short one, but exceeds its limits, so it was left out
cp "$work/program/long" corpus/program/
