#!/bin/sh
# usage: hardening.sh FORTIFIED FILE...
# What a linked file tells of how it was built; with FORTIFIED true, calls of
# checking functions are looked for in the first.
set -eu

fortified=$1
shift
case $(readelf -hW "$1" | sed -n 's/^ *Machine: *//p') in
*X86-64)	protected=SHSTK ;;
*)		protected= ;;
esac

fail()
{
	echo "$*"
	exit 1
}

[ "$fortified" = false ] || readelf --dyn-syms -W "$1" | grep -q '__[a-z]*printf_chk' ||
	fail "$1: not fortified"
for file; do
	segments=$(readelf -lW "$file")
	echo "$segments" | grep -q GNU_RELRO || fail "$file: no RELRO"
	echo "$segments" | grep -q 'GNU_STACK .* RW ' || fail "$file: an executable stack"
	readelf -dW "$file" | grep -q 'FLAGS.*NOW' || fail "$file: bound lazily"
	! readelf -dW "$file" | grep -qE 'TEXTREL|RPATH' || fail "$file: TEXTREL or RPATH"
	readelf -hW "$file" | grep -q 'Type: *DYN' || fail "$file: not position independent"
	readelf --dyn-syms -W "$file" | grep -q __stack_chk_fail ||
		fail "$file: no stack protector"
	[ ! "$protected" ] || readelf -nW "$file" | grep -q "x86 feature:.*$protected" ||
		fail "$file: no $protected"
done
