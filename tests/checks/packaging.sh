#!/bin/sh
# usage: packaging.sh completions | files
# "completions" tests the completions of each installed shell; "files" checks the
# files from which packages are made with the distributions' own tools. Run in the
# project's directory.
set -eu
# shellcheck source=tests/checks/common.sh
. "$(dirname "$0")/common.sh"

failed=

case $1 in
completions)
	export CC=gcc CXX=g++
	TARGETS="compat/ipq-run tools/ipqctl"
	build gcc-O2 -Dwerror=true -Doptimization=2 > /dev/null
	for shell in bash zsh fish; do
		status=0
		tests/completions.sh $shell "$PWD/packaging/completions" "$BUILD" || status=$?
		case $status in
		0)	echo "ok: $shell" ;;
		77)	;;
		*)	echo "failed: $shell"; failed=1 ;;
		esac
	done
	;;
files)
	if command -v rpmlint > /dev/null; then
		rpmlint packaging/libipq.spec || failed=1
		# all complaints but those about a spec file that is not part of a
		# package yet are errors
		rpmlint packaging/libipq.spec | grep -E '^libipq.spec:[0-9]*:? [WE]:' |
			grep -vE 'invalid-url Source0|no-buildroot-tag' && failed=1
	else
		echo "skipped: packaging/libipq.spec: rpmlint is not installed"
	fi
	if command -v shellcheck > /dev/null; then
		# abuild reads the variables and calls the functions
		shellcheck -s sh -e SC2034,SC2154 packaging/APKBUILD || failed=1
		shellcheck -x debian/tests/[!c]* || failed=1
	else
		echo "skipped: packaging/APKBUILD: shellcheck is not installed"
	fi
	if command -v fish > /dev/null; then
		fish --no-execute packaging/completions/fish/*.fish || failed=1
	fi
	;;
esac
[ ! "$failed" ]
