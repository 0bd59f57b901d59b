#!/bin/zsh -f
# usage: completions.zsh DIRECTORY LINE
# For completions.sh: prints what zsh offers for the last word of LINE when the tab key is
# pressed, with the completions in DIRECTORY.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "fpath=(${(q)1} \$fpath); PS1=; stty columns 200"
# all completions finally call compadd
zpty -w shell 'autoload -U compinit; compinit -u
compadd() {
	local -a offered
	builtin compadd -A offered "$@"
	print -lr -- "offered: "$^offered
	builtin compadd "$@"
}
show() { print; zle complete-word; print "all ""offered"; exit }
zle -C complete-word complete-word _main_complete; zle -N show; bindkey "^I" show
print "rea""dy"'
while zpty -r shell line; do [[ $line != *ready* ]] || break; done
zpty -w -n shell "$2"$'\t'
while zpty -r shell line; do
	[[ $line != *all\ offered* ]] || break
	[[ $line != *offered:\ * ]] || print -r -- ${${line##*offered: }%%$'\r'*}
done
