# SPDX-License-Identifier: MIT
# fish completion for kintrace: its own options, then the program and the program's own arguments.

# Whether the words so far hold no program yet.
function __kintrace_no_program
    set -l takes -o --output --view -s --string-limit --color --read
    set -l words (commandline -opc)
    set -e words[1]
    while set -q words[1]
        if test "$words[1]" = --
            return 1
        else if contains -- $words[1] $takes
            set -e words[1]
        else if not string match -q -- '-*' $words[1]
            return 1
        end
        set -e words[1]
    end
    return 0
end

function __kintrace_views
    printf '%s\t%s\n' timeline 'what happened, as it happens' tree 'who created whom' findings 'what went wrong' \
        jsonl 'the recording' list 'list the views'
end

complete -c kintrace -x -a '(__fish_complete_subcommand -o --output --view -s --string-limit --color --read)'
complete -c kintrace -n __kintrace_no_program -s o -l output -r -F -d 'Write to a file'
complete -c kintrace -n __kintrace_no_program -l view -x -a '(__kintrace_views)' -d 'What the terminal shows, or NAME=FILE'
complete -c kintrace -n __kintrace_no_program -s q -l quiet -d 'No tree, findings and remarks; twice: no timeline'
complete -c kintrace -n __kintrace_no_program -s s -l string-limit -x -d 'At most N bytes of each string'
complete -c kintrace -n __kintrace_no_program -s t -d 'Time of day; -tt with microseconds; -ttt since the epoch'
complete -c kintrace -n __kintrace_no_program -s r -l relative-timestamps -d 'Time since the line before'
complete -c kintrace -n __kintrace_no_program -l color -x -a 'auto always never' -d 'Colours'
complete -c kintrace -n __kintrace_no_program -l stable -d 'No times, tasks named by descent'
complete -c kintrace -n __kintrace_no_program -l read -r -F -d 'Read a recording instead of running a program'
complete -c kintrace -n __kintrace_no_program -l self-check -d 'Compare with /proc while the program runs'
complete -c kintrace -n __kintrace_no_program -s h -l help -d 'Summary of the options'
complete -c kintrace -n __kintrace_no_program -s V -l version -d 'Version'
