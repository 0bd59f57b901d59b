# fish completion for ipq-run(1): the options that --help lists, then a program
# and its arguments.

# Prints each option, a tab and its description, from the lines of --help.
function __ipq_run_options
    ipq-run --help 2>/dev/null | string replace -rf \
        '^  +(?:-[0-9a-zA-Z], )?(--[a-z0-9-]+)(?: [A-Z]+|\[=[A-Z]+\])? +(.*)$' '$1\t$2'
end

# Prints what the completions of the program offer, or names of programs
# before there is one.
function __ipq_run_program
    set -l words (commandline -opc)
    set -l valued (ipq-run --help 2>/dev/null | string replace -rf \
        '^  +(-[0-9a-zA-Z]), (--[a-z0-9-]+) [A-Z]+ .*$' '$1\n$2' | string split '\n')
    set -e words[1]
    while string match -q -- '-*' "$words[1]"
        contains -- $words[1] $valued; and set -e words[1]
        set -e words[1]
    end
    complete -C (string join -- ' ' $words (commandline -ct))
end

complete -c ipq-run -f
complete -c ipq-run -n 'string match -q -- "-*" (commandline -ct)' -a '(__ipq_run_options)'
complete -c ipq-run -s l -l library -r -F
complete -c ipq-run -s t -l truncated -x -a 'error accept drop'
complete -c ipq-run -n 'not string match -q -- "-*" (commandline -ct)' -a '(__ipq_run_program)'
