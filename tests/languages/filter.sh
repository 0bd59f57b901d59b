#!/bin/sh
# usage: filter.sh python|perl
# A filter in this language decides on packets through libipq, as old bindings did: it
# reads a packet, unpacks the struct, accepts or drops the packet, and gets an error for a
# verdict too many.
set -eu

PATH=$PATH:/usr/sbin:/sbin
language=$1
here=$(dirname "$(realpath "$0")")

skip()
{
	echo "skipped: $*"
	exit 77
}

fail()
{
	echo "$*"
	exit 1
}

# continue in a network namespace, and in a user namespace unless root
if [ "${2-}" != inside ]; then
	for tool in iptables-legacy ip ping unshare; do
		command -v $tool > /dev/null || skip "$tool is not installed"
	done
	user=r
	[ "$(id -u)" != 0 ] || user=
	exec unshare -${user:+U$user}n "$0" "$language" inside
fi
work=$(mktemp -d)
filter_pid=
trap '[ ! "$filter_pid" ] || kill "$filter_pid" 2> /dev/null; rm -rf "$work"' EXIT
export XTABLES_LOCKFILE="$work/xtables.lock"

# Sets filter to a command.
python_script()
{
	command -v python3 > /dev/null || skip "python3 is not installed"
	filter="python3 $here/filter.py"
}

# Compiles the module, and sets filter.
perl_module()
{
	command -v perl > /dev/null || skip "perl is not installed"
	headers=$(perl -MConfig -e 'print "$Config{archlibexp}/CORE"')
	[ -e "$headers/perl.h" ] || skip "perl's headers are not installed (libperl-dev)"
	perl -MExtUtils::ParseXS -e 1 2> /dev/null || skip "ExtUtils::ParseXS is not installed"
	perl -MExtUtils::ParseXS -e 'ExtUtils::ParseXS->new->process_file(
		filename => shift, output => shift, typemap => shift)' \
		"$here/Queue.xs" "$work/Queue.c" \
		"$(perl -MConfig -e 'print "$Config{privlibexp}/ExtUtils/typemap"')"
	mkdir -p "$work/auto/Queue"
	# shellcheck disable=SC2046,SC2086 # commands and flags
	${CC:-cc} -shared -fPIC $(perl -MConfig -e 'print $Config{ccflags}') -I "$headers" \
		$(pkg-config --cflags libipq) "$work/Queue.c" -o "$work/auto/Queue/Queue.so" \
		$(pkg-config --libs libipq)
	filter="perl -I $work $here/filter.pl"
}

# Reads the next line of the filter, which must match the pattern $1. The filter ends
# after 30 s at the latest, and so does the wait.
expect()
{
	IFS= read -r line <&3 || fail "the filter ended before it printed: $1"
	# shellcheck disable=SC2254 # a pattern
	case $line in
	$1)	echo "$line" ;;
	*)	fail "the filter printed: $line; expected: $1" ;;
	esac
}

case $language in
python)	python_script ;;
perl)	perl_module ;;
esac

ip link set lo up
iptables-legacy -A OUTPUT -p icmp --icmp-type echo-request -j QUEUE
mkfifo "$work/said"
# shellcheck disable=SC2086 # words
timeout 30 $filter 2 > "$work/said" &
filter_pid=$!
exec 3< "$work/said"

expect ready
ping -c 1 -W 10 -s 8 127.0.0.1 > /dev/null || fail "the first ping did not pass"
expect "hook 3, in '', out 'lo', protocol 1 to 127.0.0.1, 36 bytes: passed"
! ping -c 1 -W 1 -s 100 127.0.0.2 > /dev/null || fail "the second ping passed"
expect "hook 3, in '', out 'lo', protocol 1 to 127.0.0.2, 128 bytes: dropped"
expect 'refused: ENOENT'
wait "$filter_pid" || fail "the filter failed"
filter_pid=
