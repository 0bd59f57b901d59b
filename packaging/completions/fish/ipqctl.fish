# fish completion for ipqctl(1): its commands, and for each the options that
# its --help lists.

# Prints each command, a tab and its description, from the lines of --help.
function __ipqctl_commands
    ipqctl --help 2>/dev/null | string replace -rf '^  ([a-z]+)  +(.*)$' '$1\t$2'
end

# Prints the same for options.
function __ipqctl_options
    set -l words (commandline -opc)
    printf '%s\t%s\n' --help 'print the usage'
    set -q words[2]; or return
    ipqctl $words[2] --help 2>/dev/null | string replace -rf \
        '^  +(?:-[0-9a-zA-Z], )?(--[a-z0-9-]+)(?: [A-Za-z|]+)?  +(.*)$' '$1\t$2'
end

complete -c ipqctl -f
complete -c ipqctl -n __fish_is_first_token -a '(__ipqctl_commands)'
complete -c ipqctl -n 'string match -q -- "-*" (commandline -ct)' -a '(__ipqctl_options)'
complete -c ipqctl -n '__fish_seen_subcommand_from rules' -F
complete -c ipqctl -n '__fish_seen_subcommand_from try' -l verdict -x -a 'accept drop'
