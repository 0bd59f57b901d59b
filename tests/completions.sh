#!/bin/sh
# usage: completions.sh bash|zsh|fish COMPLETIONS BUILDDIR
# In each shell, completion must offer all options that --help lists, the commands of
# ipqctl, and programs and files as arguments.
set -eu

shell=$1 completions=$2/$1 build=$3 here=$(readlink -f "$(dirname "$0")")
command -v "$shell" > /dev/null || { echo "skipped: $shell is not installed"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export HOME="$work" PATH="$build/compat:$build/tools:$PATH"

# usage: offered WORD...: prints what is offered for the last word, one item per line
offered()
{
	case $shell in
	bash)
		# shellcheck disable=SC2016 # bash expands it
		bash -c 'source "$1/$2"; COMP_WORDS=("${@:2}"); COMP_CWORD=$(($# - 2))
			"_${2//-/_}"; printf "%s\n" "${COMPREPLY[@]}"' \
			bash "$completions" "$@"
		;;
	zsh)
		timeout 60 zsh -f "$here/completions.zsh" "$completions" "$*"
		;;
	fish)
		timeout 60 fish -N -c "source $completions/ipq-run.fish
			source $completions/ipqctl.fish; complete -C '$*'" | cut -f 1
		;;
	esac
}

# usage: offers ITEM WORD...: the item must be offered for the last word
offers()
{
	wanted=$1
	shift
	offered "$@" > list
	grep -qx -e "$wanted" list || { echo "\"$*\" does not offer $wanted"; exit 1; }
}

# usage: offers_options TOOL [COMMAND]: all options in the output of --help must be
# offered
offers_options()
{
	tool=$1
	shift
	"$tool" "$@" --help | sed -n 's/^  *\(-[a-zA-Z0-9], \)*\(--[a-z0-9-]*\).*/\2/p' |
		sort -u > options
	grep -q . options || { echo "$tool $* --help lists no option"; exit 1; }
	offered "$(basename "$tool")" "$@" -- | sort -u > list
	comm -23 options list > missing
	[ ! -s missing ] || { echo "$tool $* does not offer"; cat missing; exit 1; }
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
offers drop ipq-run --truncated ''
offers cat ipq-run --queue 3 ca
