#!/bin/sh
# usage: layers.sh SOURCE
# No file may include a header from a directory above or beside its own. The directories
# that each may include from are listed here; docs/architecture.md shows them.
set -eu
cd "$1"

# usage: layer DIRECTORY DIRECTORY_BELOW...
layer()
{
	folder=$1
	for file in "$folder"/*.[ch]; do
		sed -n 's/^#[ \t]*include "\(.*\)"$/\1/p' "$file" | while read -r header; do
			found=
			for place; do
				[ ! -f "$place/$header" ] || found=yes
			done
			case $header in
			*/*)	found= ;;
			esac
			[ "$found" ] || echo "$file: includes $header, which is not in: $*"
		done
	done
	folders="$folders $folder"
}

folders=
above=$(
	layer src
	layer compat/wire src
	layer compat/surroundings src
	layer compat/preload compat/surroundings compat/wire src
	layer compat/supervise compat/surroundings compat/wire src
	layer compat/run compat/supervise compat/surroundings src
	layer tools/rules
	layer compat/commands compat/surroundings tools/rules src
	layer tools tools/rules src
	# a new directory must be listed
	find src compat tools -name '*.c' -exec dirname {} + | sort -u | while read -r folder; do
		case "$folders " in
		*" $folder "*)	;;
		*)		echo "$folder: is not listed" ;;
		esac
	done
)
echo "$above"
[ ! "$above" ]
