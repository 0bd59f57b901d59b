#!/bin/sh
# usage: source-compat.sh COMPILER STANDARD [MOST]
# Old sources must compile with the flags of pkg-config alone: any order of up to MOST (3)
# of the headers that they include, any order of two with the other names of libipq.h, and
# the files in source-compat/.
set -eu

compiler=$1 standard=$2 most=${3:-3}
sources=$(dirname "$(realpath "$0")")/source-compat
command -v "$compiler" > /dev/null || { echo "skipped: $compiler is not installed"; exit 77; }
flags="-std=$standard -Wall -Wextra -Werror $(pkg-config --cflags libipq)"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

variant=0
for ours in '<libipq.h>' '<libipq/libipq.h>' '"libipq.h"'; do
	printf '%s\n' "$ours" '<linux/netfilter.h>' '<netinet/in.h>' \
		'<linux/if.h>' '<net/if.h>' '<linux/icmp.h>' |
		awk -v variant=$variant -v most="$most" -f "$sources/orders.awk"
	variant=$((variant + 1))
	most=2		# it is the same header
done
for header in libipq.h libipq/libipq.h linux/netfilter_ipv4/ip_queue.h \
	linux/if.h linux/in.h linux/in6.h linux/ipv6.h; do
	printf '#include <%s>\nint alone;\n' $header > "alone-$(basename $header).c"
done
cp "$sources"/*.c .

case $standard in
*++*)	language=c++; cp "$sources"/*.cc . ;;
*)	language=c ;;
esac
# shellcheck disable=SC2046,SC2086 # flags are words
{
	"$compiler" $flags -fsyntax-only -x $language ./*.c* &&
	"$compiler" $flags -x $language handle.c -x none $(pkg-config --libs libipq)
} 2> errors || {
	grep -o '\./\(order\|alone\)-[^:]*\.c' errors | sort -u | while read -r file; do
		echo "$compiler -std=$standard: $file: $(grep -h '#include' "$file" |
			cut -d ' ' -f 2 | tr '\n' ' ')"
	done | head -20
	head -20 errors
	exit 1
}
if [ $language = c ]; then
	printf '%s\n' '#include <libipq.h>' \
		'extern struct ipq_handle *ipq_create_handle();' > declares-it
	# shellcheck disable=SC2086 # flags are words
	"$compiler" $flags -Wno-strict-prototypes -DIPQ_NO_MACROS -fsyntax-only -x c declares-it
fi
echo "$compiler -std=$standard: $(find . -name '*.c*' | wc -l) sources"
