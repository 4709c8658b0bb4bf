# SPDX-License-Identifier: MIT
# fish completion for kintrace: its own options, then the program and the program's own arguments.

# The options that take the next word; with strace's.
function __kintrace_takes
    printf '%s\n' -o --output --view -e --trace --signal --status -s --string-limit --color -E --env -u --user -b \
        --detach-on --timeout --error-exitcode --read -p --attach --hang-after -a --columns -I \
        --interruptible -O --summary-syscall-overhead -P --trace-path -S --summary-sort-by -U --summary-columns \
        -X --const-print-style --decode-pids --abbrev --verbose --raw --write --kvm --inject --fault \
        --argv0
end

# Whether the words so far hold no program yet.
function __kintrace_no_program
    set -l takes (__kintrace_takes)
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
        summary 'each process in numbers' jsonl 'the recording' list 'list the views'
end

function __kintrace_choice
    set -l classes lifecycle 'births, execs, ends' signal 'signals and timers' pipe pipes fifo 'named pipes' \
        sem semaphores shm 'shared memory' msg 'message queues' socket sockets lock 'file locks' \
        futex 'futexes, private ones too' event 'eventfd, epoll' fd descriptors
    set -l groups all 'all classes' none nothing ipc 'all between processes' %process lifecycle %signal signal \
        %network socket %ipc sem,shm,msg %desc fd
    set -l before (string match -r '^.*[,!=]' -- (commandline -ct) | string replace -r '^-e' '')
    for item in (printf '%s\t%s\n' $classes $groups)
        printf '%s%s\n' "$before" $item
    end
end

complete -c kintrace -x -a '(__fish_complete_subcommand (__kintrace_takes))'
complete -c kintrace -n __kintrace_no_program -s o -l output -r -F -d 'Write to a file'
complete -c kintrace -n __kintrace_no_program -s A -l output-append-mode -d 'Append to the files of -o'
complete -c kintrace -n __kintrace_no_program -l view -x -a '(__kintrace_views)' -d 'What the terminal shows, or NAME=FILE'
complete -c kintrace -n __kintrace_no_program -s c -l summary-only -d 'A summary of each process, and nothing else'
complete -c kintrace -n __kintrace_no_program -s C -l summary -d 'The summary too'
complete -c kintrace -n __kintrace_no_program -s q -l quiet -d 'No tree, findings and remarks; twice: no timeline'
complete -c kintrace -n __kintrace_no_program -s v -l no-abbrev -d 'Leave nothing out'
complete -c kintrace -n __kintrace_no_program -s s -l string-limit -x -d 'At most N bytes of each string'
complete -c kintrace -n __kintrace_no_program -s t -d 'Time of day; -tt with microseconds; -ttt since the epoch'
complete -c kintrace -n __kintrace_no_program -l absolute-timestamps -d 'The same, as time, time,us or unix,us'
complete -c kintrace -n __kintrace_no_program -s r -l relative-timestamps -d 'Time since the line before'
complete -c kintrace -n __kintrace_no_program -s T -l syscall-times -d 'The time spent in every call'
complete -c kintrace -n __kintrace_no_program -l stable -d 'No times, tasks named by descent'
complete -c kintrace -n __kintrace_no_program -l color -x -a 'auto always never' -d 'Colours'
complete -c kintrace -n __kintrace_no_program -s e -x -a '(__kintrace_choice)' -d 'What to observe and show'
complete -c kintrace -n __kintrace_no_program -l trace -x -a '(__kintrace_choice)' -d 'What to observe and show'
complete -c kintrace -n __kintrace_no_program -l signal -x -d 'Only these signals'
complete -c kintrace -n __kintrace_no_program -l status -x -a 'successful failed unfinished unavailable detached' -d 'Only calls with these outcomes'
complete -c kintrace -n __kintrace_no_program -s z -l successful-only -d 'Only calls that succeeded'
complete -c kintrace -n __kintrace_no_program -s Z -l failed-only -d 'Only calls that failed'
complete -c kintrace -n __kintrace_no_program -s E -l env -x -a '(set -nx)' -d 'Set or unset a variable of the program'
complete -c kintrace -n __kintrace_no_program -s u -l user -x -a '(__fish_complete_users)' -d 'Run the program as a user'
complete -c kintrace -n __kintrace_no_program -s D -l daemonize -d 'The program is the own child of the shell'
complete -c kintrace -n __kintrace_no_program -s b -l detach-on -x -a execve -d 'Leave alone what a traced process execs'
complete -c kintrace -n __kintrace_no_program -l kill-on-exit -d 'If kintrace is killed, so is all that it traces'
complete -c kintrace -n __kintrace_no_program -l timeout -x -d 'End all of it after so many seconds'
complete -c kintrace -n __kintrace_no_program -l error-exitcode -x -d 'Exit status if there was an error finding'
complete -c kintrace -n __kintrace_no_program -l no-restart-repair -d 'Leave an EINTR that only tracing causes'
complete -c kintrace -n __kintrace_no_program -l read -r -F -d 'Read a recording instead of running a program'
complete -c kintrace -n __kintrace_no_program -s p -l attach -x -a '(__fish_complete_pids)' -d 'Not built yet'
complete -c kintrace -n __kintrace_no_program -l snapshot -d 'Not built yet'
complete -c kintrace -n __kintrace_no_program -l no-descendants -d 'Not built yet'
complete -c kintrace -n __kintrace_no_program -l self-check -d 'Compare with /proc while the program runs'
complete -c kintrace -n __kintrace_no_program -s h -l help -d 'Summary of the options'
complete -c kintrace -n __kintrace_no_program -s V -l version -d 'Version'
complete -c kintrace -n __kintrace_no_program -s f -l follow-forks -d 'Always so'
complete -c kintrace -n __kintrace_no_program -l output-separately -d 'Says what to use instead'
complete -c kintrace -n __kintrace_no_program -s y -d 'Always so'
complete -c kintrace -n __kintrace_no_program -s Y -d 'Always so'
complete -c kintrace -n __kintrace_no_program -l always-show-pid -d 'Always so'
complete -c kintrace -n __kintrace_no_program -l seccomp-bpf -d 'Always so'
complete -c kintrace -n __kintrace_no_program -l no-seccomp -d 'No filter: slower, but the program survives kintrace'
complete -c kintrace -n __kintrace_no_program -s k -l stack-traces -d 'Not built yet'
complete -c kintrace -n __kintrace_no_program -l hang-after -x -d 'Not built yet'
