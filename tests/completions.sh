#!/bin/sh
# usage: completions.sh COMPLETIONS BUILDDIR
# In bash, the tab key offers every option that --help lists, the commands of
# ipqctl, and programs and files where they belong.
set -eu

completions=$1 build=$2
command -v bash > /dev/null || { echo "skipped: no bash"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

# What is offered for the last word, a line each. Arguments: the command's words.
offered()
{
	# shellcheck disable=SC2016 # bash expands it
	bash -c 'source "$1/$2"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2))
		"_${2//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' bash "$completions" "$@"
}

# Arguments: what must be offered, then the command's words.
offers()
{
	wanted=$1
	shift
	offered "$@" > list
	grep -qx -e "$wanted" list || { echo "\"$*\" does not offer $wanted"; exit 1; }
}

# Arguments: a tool as built, and its command if it has some.
offers_options()
{
	tool=$1
	shift
	"$tool" "$@" --help | sed -n 's/^  *\(-[a-zA-Z0-9], \)*\(--[a-z0-9-]*\).*/\2/p' > options
	grep -q . options || { echo "$tool $* --help lists no option"; exit 1; }
	while read -r option; do
		offers "$option" "$(basename "$tool")" "$@" "$option"
	done < options
}

offers_options "$build/compat/ipq-run"
for command in check status rules try; do
	offers_options "$build/tools/ipqctl" "$command"
	offers $command ipqctl ''
done
offers drop ipqctl try --verdict ''
touch rules.save
offers rules.save ipqctl rules --nft rules.
offers rules.save ipq-run --library rules.
offers cat ipq-run --queue 3 ca
