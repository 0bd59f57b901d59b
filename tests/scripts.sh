#!/bin/sh
# usage: scripts.sh SCRIPTS
# Each script must reject an unknown option: print its usage, and do nothing.
set -eu

for script in "$1"/*; do
	status=0
	said=$(timeout 10 "$script" --what 2>&1) || status=$?
	[ $status = 2 ] || { echo "$script --what: status $status: $said"; exit 1; }
	case $said in
	"usage: "*"${script##*/}"*)	;;
	*)	echo "$script --what does not print its usage: $said"; exit 1 ;;
	esac
done
