#!/bin/sh
# usage: filter.sh python|perl
# A filter in that language decides on packets through libipq, as old bindings
# did: it reads a packet, takes the struct apart, lets it pass or drops it, and
# is told of a verdict too many.
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

# a network of our own
if [ "${2-}" != inside ]; then
	for tool in iptables-legacy ip ping unshare; do
		command -v $tool > /dev/null || skip "no $tool"
	done
	user=r
	[ "$(id -u)" != 0 ] || user=
	exec unshare -${user:+U$user}n "$0" "$language" inside
fi
work=$(mktemp -d)
filter_pid=
trap '[ ! "$filter_pid" ] || kill "$filter_pid" 2> /dev/null; rm -rf "$work"' EXIT
export XTABLES_LOCKFILE="$work/xtables.lock"

# Sets filter, a command.
python_script()
{
	command -v python3 > /dev/null || skip "no python3"
	filter="python3 $here/filter.py"
}

# The same; compiles the module.
perl_module()
{
	command -v perl > /dev/null || skip "no perl"
	headers=$(perl -MConfig -e 'print "$Config{archlibexp}/CORE"')
	[ -e "$headers/perl.h" ] || skip "no perl headers (libperl-dev)"
	perl -MExtUtils::ParseXS -e 1 2> /dev/null || skip "no ExtUtils::ParseXS"
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

# Waits for the filter's next line, which must match the pattern $1. The filter
# ends in time, whatever happens, and the wait with it.
expect()
{
	IFS= read -r line <&3 || fail "the filter ended before it said: $1"
	# shellcheck disable=SC2254 # a pattern
	case $line in
	$1)	echo "$line" ;;
	*)	fail "the filter said: $line; not: $1" ;;
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
