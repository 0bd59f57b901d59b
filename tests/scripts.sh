#!/bin/sh
# usage: scripts.sh SCRIPTS
# Each script, asked for what it does not know, says how it is used, and does nothing.
set -eu

for script in "$1"/*; do
	status=0
	said=$(timeout 10 "$script" --what 2>&1) || status=$?
	[ $status = 2 ] || { echo "$script --what: status $status: $said"; exit 1; }
	case $said in
	"usage: "*"${script##*/}"*)	;;
	*)	echo "$script --what does not say how it is used: $said"; exit 1 ;;
	esac
done
