#!/bin/sh
# usage: staged-install.sh MESON BUILDDIR STAGE PREFIX
# Installs the build under STAGE and changes its prefix to PREFIX, for tests that use
# it as programs do.
set -eu
meson=$1 build=$2 stage=$3 prefix=$4
rm -rf "$stage"
"$meson" install -C "$build" --no-rebuild --quiet --destdir "$stage"
find "$stage" -name 'libipq*.pc' -exec sed -i "s|^prefix=.*|prefix=$prefix|" {} +
