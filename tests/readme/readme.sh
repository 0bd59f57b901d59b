#!/bin/sh
# usage: readme.sh blocks|ways|symptoms|troubles SOURCE STAGED
# Checks that the commands in the README work as printed, including those in its table of
# ways, that its table of symptoms quotes messages that are really printed, and that the
# advice in docs/troubleshooting.md works. STAGED is the prefix of the installed library.
set -eu

check=$1 source=$(readlink -f "$2") staged=$(readlink -f "$3")
PATH=$staged/bin:$PATH:/usr/sbin:/sbin
if [ -z "${IN_NAMESPACE-}" ]; then
	export IN_NAMESPACE=1
	exec unshare -n "$0" "$check" "$source" "$staged"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XTABLES_LOCKFILE="$work/lock" PKG_CONFIG_PATH="$staged/lib/pkgconfig"
cd "$work"
ip link set lo up

fail()
{
	echo "FAILED: $*"
	[ ! -f said ] || sed 's/^/  output: /' said
	exit 1
}

# Runs a command of the README with a program that ends after one packet.
passes()
{
	: > said	# now, and not only when the shell in the background starts
	sh -c "$1" > said 2>&1 &
	until grep -q '^ready' said; do
		kill -0 $! 2> /dev/null || fail "$1: ended at once"
		sleep 0.02
	done
	ping -c 1 -W 5 127.0.0.1 > /dev/null || fail "$1: no packet passed"
	wait $! || fail "$1: exit status $?"
}

run_block()
{
	case $1 in
	scripts/demo)
		(cd tree && sh -c "$1") > said 2>&1 || fail "$1"
		;;
	scripts/test)	# it runs this test
		(cd "$source" && test -x "$1")
		;;
	cc\ *)
		sh -c "$1" || fail "$1"
		case $1 in
		*libipq.a*)	! objdump -p filter.static | grep libipq.so || fail "$1" ;;
		esac
		;;
	LD_LIBRARY_PATH=/path/to/lib\ *)
		passes "LD_LIBRARY_PATH=$staged/lib ${1#* }"
		;;
	./filter)	# linked to the old library, which this one replaces
		passes "LD_LIBRARY_PATH=$staged/lib $1"
		;;
	ipq-run\ sh\ *)	# the start script makes the rule
		iptables-legacy -F OUTPUT
		passes "$1"
		;;
	ipq-run\ *)
		passes "$1"
		;;
	meson\ *)
		# without tests, to be quick; with DESTDIR, so that nothing is changed
		(cd tree && sed -i "s/'tests', type: 'boolean', value: true/'tests', type: 'boolean', value: false/" \
			meson_options.txt && DESTDIR=$work/installed sh -c "$1") > said 2>&1 || fail "$1"
		find "$work/installed" -name libipq.so.0 | grep -q . || fail "$1: no libipq.so.0"
		;;
	*)
		fail "a command this test does not know: $1"
		;;
	esac
	echo "ok: $1"
}

# Runs each line of the file "commands".
run_commands()
{
	iptables-legacy -A OUTPUT -p icmp --icmp-type echo-request -j QUEUE
	cp "$source/tests/readme/symptom.c" filter.c
	while read -r command; do
		run_block "$command" < /dev/null
	done < commands
}

blocks()
{
	mkdir tree
	(cd "$source" && tar cf - --exclude='./build*' --exclude=./.git .) | tar xf - -C tree
	sed -n 's/^    \([^ ]\)/\1/p' "$source/README.md" > commands
	run_commands
}

# Runs the last command in each row of the table "Which way is mine", if that compiles
# or runs a program.
ways()
{
	printf '%s\n' '#!/bin/sh' 'modprobe ip_queue' \
		'iptables -A OUTPUT -p icmp --icmp-type echo-request -j QUEUE' \
		'./filter' > start-filter
	# shellcheck disable=SC2016 # backquotes of Markdown
	sed -n '/^## Which way/,/^## Two/s/^|.*`\([^`]*filter[^`]*\)` |$/\1/p' \
		"$source/README.md" > commands
	[ "$(wc -l < commands)" -ge 5 ] || fail "README: no table of ways"
	run_commands
}

# The text must be in the README's table and in the output.
quoted()
{
	grep -qF "| \`$1\`" "$source/README.md" || fail "the README does not quote: $1"
	grep -qF "$1" said || fail "not seen: $1"
	echo "ok: $1"
}

# Starts the program in the background and waits until it is ready.
start()
{
	: > started
	"$@" > started 2>&1 &
	until grep -q '^ready' started; do
		kill -0 $! 2> /dev/null || fail "$*: ended at once"
		sleep 0.02
	done
}

symptoms()
{
	export LD_LIBRARY_PATH="$staged/lib"
	# shellcheck disable=SC2046 # flags are words
	cc -o filter "$source/tests/readme/symptom.c" $(pkg-config --cflags --libs libipq)

	# an old libipq, which needs the module; some distributions still have one
	mkdir old
	# shellcheck disable=SC2046
	cc -shared -fPIC -D_GNU_SOURCE -DPRELOAD -Wl,-soname,libipq.so.0 -o old/libipq.so.0 -I "$source/src" \
		$(pkg-config --cflags libipq) "$source/tests/carried/libipq.c" "$source/src/error.c"
	LD_LIBRARY_PATH=old ./filter > said 2>&1 || :
	quoted "Unable to create netlink socket: Protocol not supported"
	LD_LIBRARY_PATH=old ldd ./filter | grep -q 'old/libipq' || fail "ldd does not show old/libipq"

	setpriv --bounding-set=-all --inh-caps=-all ./filter > said 2>&1 || :
	quoted "Received error message 1"
	start ./filter
	owner=$!
	./filter > said 2>&1 || :
	quoted "Received error message 16"
	kill $owner
	wait $owner 2> /dev/null || :
	./filter twice > said 2>&1 || :
	quoted "Unable to bind netlink socket: Address already in use"
	LIBIPQ_QUEUE=zero ./filter > said 2>&1 || :
	quoted "Unable to create netlink handle: Invalid argument"

	iptables-legacy -A OUTPUT -p icmp --icmp-type echo-request -j QUEUE
	! ping -c 1 -W 1 127.0.0.1 > said 2>&1 || fail "ping passes a queue that no program reads"
	echo "ok: packets vanish while no program runs"
	ipqctl check > said 2>&1 && fail "ipqctl check reports no problem"
	grep -q "queue 0" said || fail "ipqctl check does not report queue 0"
	echo "ok: ipqctl check reports it"
	start ./filter
	ping -c 1 -W 1 -s 3000 127.0.0.1 > /dev/null || :
	wait $! || :
	cp started said
	quoted "Received message truncated"

	iptables-nft -A OUTPUT -p udp -j QUEUE > said 2>&1 || :
	quoted "RULE_APPEND failed (No such file or directory)"

	printf '%s\n' '#include <linux/netfilter.h>' '#include <netinet/in.h>' \
		'#include <libipq.h>' > clash.c
	LC_ALL=C cc -c -I "$staged/include" clash.c > said 2>&1 || :
	quoted "redefinition of 'struct in_addr'"
	# shellcheck disable=SC2046 # flags are words
	cc -c $(pkg-config --cflags libipq) clash.c || fail "clash.c does not compile with the flags"
	# shellcheck disable=SC2046
	LC_ALL=C cc -o by-path $(pkg-config --cflags libipq) \
		"$source/tests/readme/symptom.c" "$staged/lib/libipq.a" > said 2>&1 || :
	grep -q mnl_ said || fail "libipq.a refers to no mnl_ names"
	quoted "undefined reference to"
	LD_LIBRARY_PATH='' ./filter > said 2>&1 || :
	quoted "error while loading shared libraries: libipq.so.0"
}

# Waits until the command in the background gets the packets of a queue.
await_queue()
{
	until awk '$4 > 0 { found = 1 } END { exit !found }' /proc/net/netfilter/nfnetlink_queue
	do
		kill -0 $! 2> /dev/null || fail "$*: ended at once"
		sleep 0.02
	done
}

# Runs a command that decides on a packet, which must pass.
lets_through()
{
	: > said
	"$@" > said 2>&1 &
	await_queue "$@"
	ping -c 1 -W 5 127.0.0.1 > /dev/null || fail "$*: no packet passed"
	wait $! || fail "$*: exit status $?"
}

# usage: holds_back COMPLAINT COMMAND...: the packet must not pass.
holds_back()
{
	complaint=$1
	shift
	: > said
	"$@" > said 2>&1 &
	await_queue "$@"
	! ping -c 1 -W 1 127.0.0.1 > /dev/null || fail "$complaint"
	wait $! || fail "$*: exit status $?"
}

# Runs a command of the page, with the rule that it needs.
advised()
{
	case $1 in
	'ipqctl check')
		ipqctl check > said 2>&1 || :
		grep -q ready said || fail "$1"
		;;
	ipqctl\ try\ --count\ 5)
		lets_through ipqctl try --count 1
		;;
	ipqctl\ *)
		sh -c "$1 --interval 10" > said 2>&1 || sh -c "$1" > said 2>&1 || fail "$1"
		grep -q . said || fail "$1: no output"
		;;
	*valgrind*)
		if command -v valgrind > /dev/null; then passes "$1"; fi
		;;
	*./filter)
		passes "$1"
		grep -q 'verdict accept' said || [ "${1#*TRACE}" = "$1" ] || fail "$1"
		;;
	iptables\ *)
		sh -c "iptables-legacy ${1#iptables}" || fail "$1"
		sh -c "$(echo "iptables-legacy ${1#iptables}" | sed 's/ -A / -D /')" || fail "$1"
		;;
	find_package*|pkg_check_modules*|target_link_libraries*)
		case $1 in target*) echo 'add_executable(filter filter.c)' ;; esac >> cmake
		echo "$1" >> cmake
		;;
	*)
		fail "a command this test does not know: $1"
		;;
	esac
	echo "ok: $1"
}

troubles()
{
	export LD_LIBRARY_PATH="$staged/lib"
	cp "$source/tests/readme/symptom.c" filter.c
	# shellcheck disable=SC2046 # flags are words
	cc -o filter filter.c $(pkg-config --cflags --libs libipq)
	echo 'iptables -A INPUT -j QUEUE' > firewall.sh
	rule='-p icmp --icmp-type echo-request'
	# shellcheck disable=SC2086 # words
	iptables-legacy -A OUTPUT $rule -j QUEUE
	sed -n 's/^ \{4,\}\([a-zA-Z]\)/\1/p' "$source/docs/troubleshooting.md" > commands
	[ "$(wc -l < commands)" -ge 12 ] || fail "the page has too few commands"
	while read -r command; do
		advised "$command" < /dev/null
	done < commands
	grep -q NFQUEUE firewall.sh || fail "firewall.sh is unchanged"

	# after NF_ACCEPT in the mangle table, the filter table follows
	iptables-legacy -F
	# shellcheck disable=SC2086
	iptables-legacy -t mangle -A OUTPUT $rule -j NFQUEUE
	iptables-legacy -A OUTPUT -p icmp -j DROP
	holds_back "the filter table did not follow" ipqctl try --count 1
	grep -q accept said || fail "not accepted"
	echo "ok: accepted in mangle, dropped in filter"
	# NF_REPEAT, with a mark
	iptables-legacy -F
	iptables-legacy -t mangle -F
	# shellcheck disable=SC2086
	iptables-legacy -A OUTPUT $rule -m mark ! --mark 1 -j NFQUEUE
	iptables-legacy -A OUTPUT -p icmp -m mark --mark 1 -j DROP
	sed 's/ipq_set_verdict(\(.*\), NF_ACCEPT, 0, NULL)/ipq_set_vwmark(\1, NF_REPEAT, 1, 0, NULL)/' \
		filter.c > repeat.c
	grep -q NF_REPEAT repeat.c || fail "repeat.c does not repeat"
	# shellcheck disable=SC2046
	cc -o repeat repeat.c $(pkg-config --cflags --libs libipq)
	holds_back "the following rule was skipped" ./repeat
	echo "ok: repeated with a mark, dropped by the rule that follows"

	settings_through_sudo
	built_with_autoconf
	{ printf '%s\n' 'cmake_minimum_required(VERSION 3.7)' 'project(filter C)'
	  cat cmake; } > CMakeLists.txt
	cmake -B cmake-build . > said 2>&1 || fail "cmake"
	cmake --build cmake-build > said 2>&1 || fail "cmake --build"
	[ -x cmake-build/filter ] || fail "cmake builds no filter"
	echo "ok: CMake"
}

# Runs the command in the page's table, and checks the problem that it solves.
settings_through_sudo()
{
	# shellcheck disable=SC2016 # backquotes of Markdown
	command=$(sed -n 's/^| `sudo` .*`\(sudo .*\)` |$/\1/p' "$source/docs/troubleshooting.md")
	[ "$command" ] || fail "the page has no command for sudo"
	[ "$(readlink /proc/self/ns/user)" = "$(readlink /proc/1/ns/user)" ] || {
		echo "skipped: sudo: sudo does not work in a user namespace"
		return 0
	}
	# shellcheck disable=SC2046 # LD_LIBRARY_PATH is another that sudo removes
	cc -o filter filter.c -Wl,-rpath,"$staged/lib" $(pkg-config --cflags --libs libipq)
	iptables-legacy -F
	# shellcheck disable=SC2086
	iptables-legacy -A OUTPUT $rule -j NFQUEUE --queue-num 3
	passes "$command"
	# shellcheck disable=SC2024 # root redirects
	LIBIPQ_QUEUE=3 sudo ./filter > said 2>&1 &
	await_queue sudo ./filter
	grep -q '^ *0 ' /proc/net/netfilter/nfnetlink_queue || fail "sudo passes settings on"
	LIBIPQ_QUEUE=3 ipqctl check > said 2>&1 || :
	grep -q 'without LIBIPQ_QUEUE' said || fail "ipqctl check does not report it"
	kill $!
	wait $! 2> /dev/null || :
	echo "ok: $command"
}

# Builds with the macro of pkg-config, and with flags in the environment.
built_with_autoconf()
{
	mkdir with-macro with-flags
	for way in with-macro with-flags; do
		cp filter.c $way
		macro='PKG_CHECK_MODULES([LIBIPQ], [libipq])'
		[ $way = with-macro ] || macro=
		printf '%s\n' 'AC_INIT([filter], [1])' 'AC_PROG_CC' "$macro" \
			'AC_CONFIG_FILES([Makefile])' 'AC_OUTPUT' > $way/configure.ac
		# shellcheck disable=SC2016 # for configure and make
		printf 'filter: filter.c\n\t$(CC) -o $@ $< %s\n' \
			'@CPPFLAGS@ @LIBIPQ_CFLAGS@ @LIBS@ @LIBIPQ_LIBS@' |
			if [ $way = with-macro ]; then cat; else sed 's/@LIBIPQ_[A-Z]*@//g'; fi \
			> $way/Makefile.in
		(
			cd $way
			aclocal && autoconf || exit
			[ $way = with-macro ] || {
				CPPFLAGS="$(pkg-config --cflags libipq)" LIBS="$(pkg-config --libs libipq)"
				export CPPFLAGS LIBS
			}
			./configure && make
		) > said 2>&1 || fail "autoconf, $way"
		[ -x $way/filter ] || fail "autoconf builds no filter"
		echo "ok: autoconf, $way"
	done
}

$check
