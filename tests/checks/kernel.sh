#!/bin/sh
# usage: kernel.sh [TEST...]
# The demo and tests/system (or the tests named) on Debian's kernel, older than most
# that tests run on, in a virtual machine. It is emulated where there is no other way,
# and so slow: what is known to depend on time is left out, with its reason.
set -eu
. tests/checks/common.sh

build kernel -Dwerror=true -Doptimization=2 -Dhardening=false -Dlanguages=disabled
