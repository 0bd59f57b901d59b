#!/bin/sh
# usage: supervised.sh OPTION-OR-PROGRAM...
# ipq-run, for tests that know nothing of supervising: whatever they run is supervised.
exec "$SUPERVISOR" --supervise "$@"
