#!/bin/sh
# usage: hardening.sh FORTIFIED ARCHIVE FILE...
# Checks the compiler and linker options of linked files. If FORTIFIED is true, the first
# file must call fortified functions. The mark for shadow stacks is looked up in the
# archive: a distribution's crti.o may lack it, and then all linked files lack it.
set -eu

fortified=$1 archive=$2
shift 2
fail()
{
	echo "$*"
	exit 1
}

case $(readelf -hW "$1" | sed -n 's/^ *Machine: *//p') in
*X86-64)
	readelf -nW "$archive" 2>&1 | grep -q 'x86 feature:.*SHSTK' || fail "$archive: no SHSTK" ;;
esac
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
done
