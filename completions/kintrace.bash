# SPDX-License-Identifier: MIT
# bash completion for kintrace: its own options, then the program and the program's own arguments.

_kintrace_values() {
  COMPREPLY=($(compgen -W "$1" -- "$cur"))
}

# A file, standard output, or whatever else the user types.
_kintrace_files() {
  local IFS=$'\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}

# NAME[,NAME]... or NAME=FILE. Readline replaces what follows the last "=", as that breaks words.
_kintrace_views() {
  local views='timeline tree findings summary jsonl'
  if [[ $cur == *=* ]]; then
    cur=${cur#*=}
    _kintrace_files
  elif [[ $cur == *,* ]]; then
    COMPREPLY=($(compgen -P "${cur%,*}," -W "$views" -- "${cur##*,}"))
  else
    _kintrace_values "$views list"
  fi
}

# [trace=][!]ITEM[,ITEM]..., signal=SET or status=SET.
_kintrace_choice() {
  local classes='lifecycle signal pipe fifo sem shm msg socket lock futex event fd'
  local groups='all none ipc %process %signal %network %ipc %desc'
  local words="$classes $groups" before=
  case $cur in
    s=* | signal=* | signals=*) words=$(compgen -A signal) ;;
    status=*) words='successful failed unfinished unavailable detached' ;;
    *=*) ;;
    *) [[ $1 == -e && $cur != *[,!]* ]] && words+=' trace= signal= status=' ;;
  esac
  [[ $1 == --signal ]] && words=$(compgen -A signal)
  [[ $1 == --status ]] && words='successful failed unfinished unavailable detached'
  cur=${cur#*=}
  [[ $cur == '!'* ]] && before='!' cur=${cur#!}
  [[ $cur == *,* ]] && before+="${cur%,*}," cur=${cur##*,}
  COMPREPLY=($(compgen -P "$before" -W "$words" -- "$cur"))
  [[ ${COMPREPLY-} == *= ]] && compopt -o nospace 2>/dev/null
}

_kintrace_program() {  # its position on the command line
  if declare -F _comp_command_offset >/dev/null; then
    _comp_command_offset "$1"
  elif declare -F _command_offset >/dev/null; then
    _command_offset "$1"
  elif ((COMP_CWORD == $1)); then
    COMPREPLY=($(compgen -c -- "$cur"))
  else
    _kintrace_files
  fi
}

_kintrace() {
  local options='-o --output -A --output-append-mode --view -c --summary-only -C --summary -q --quiet -v --no-abbrev
    -s --string-limit -t --absolute-timestamps -r --relative-timestamps -T --syscall-times --stable --color
    -e --trace --signal --status -z --successful-only -Z --failed-only
    -E --env -u --user -D --daemonize -b --detach-on --kill-on-exit --timeout --error-exitcode --no-restart-repair
    --read -p --attach --snapshot --no-descendants --self-check -h --help -V --version
    -f --follow-forks --output-separately -y -Y --always-show-pid --seccomp-bpf --no-seccomp -k --stack-traces
    --hang-after'
  # Those that take the next word; with strace's.
  local takes=' -o --output --view -e --trace --signal --status -s --string-limit --color -E --env -u --user
    -b --detach-on --timeout --error-exitcode --read -p --attach --hang-after -a --columns -I --interruptible
    -O --summary-syscall-overhead -P --trace-path -S --summary-sort-by -U --summary-columns -X --const-print-style
    --decode-pids --abbrev --verbose --raw --write --kvm --inject --fault --argv0 '
  local cur= option= word i
  COMPREPLY=()
  # Walks to the word that is completed. In COMP_WORDS "--view=tree" is three words: --view, =, tree.
  for ((i = 1; i <= COMP_CWORD; i++)); do
    word=${COMP_WORDS[i]}
    if [[ $option ]]; then
      if [[ $word == = && -z $cur ]]; then
        ((i == COMP_CWORD)) || continue
        word=
      fi
      cur+=$word
      while ((i < COMP_CWORD)) && [[ ${COMP_WORDS[i + 1]} == = || ${COMP_WORDS[i]} == = ]]; do
        cur+=${COMP_WORDS[++i]}
      done
      ((i == COMP_CWORD)) && break
      option= cur=
    elif ((i == COMP_CWORD)) && [[ $word == -* ]]; then
      cur=$word
      break
    else
      case $word in
        --)
          ((i < COMP_CWORD)) || return
          cur=${COMP_WORDS[COMP_CWORD]}
          _kintrace_program $((i + 1))
          return
          ;;
        --*) [[ $takes == *[[:space:]]"$word"[[:space:]]* ]] && option=$word ;;
        -*) [[ $word =~ ^-[AcCqvtrTzZDfFyYkhVdinNwx]*([oesEubpaIOPSUX])$ ]] && option=-${BASH_REMATCH[1]} ;;
        *)
          cur=${COMP_WORDS[COMP_CWORD]}
          _kintrace_program "$i"
          return
          ;;
      esac
    fi
  done
  case $option in
    -o | --output | --read) _kintrace_files ;;
    --view) _kintrace_views ;;
    --color) _kintrace_values 'auto always never' ;;
    -e | --trace | --signal | --status) _kintrace_choice "$option" ;;
    -u | --user) COMPREPLY=($(compgen -u -- "$cur")) ;;
    -E | --env) COMPREPLY=($(compgen -v -- "$cur")) ;;
    -b | --detach-on) _kintrace_values execve ;;
    -P | --trace-path) _kintrace_files ;;
    -?* | --?*) ;;
    *) _kintrace_values "$options" ;;
  esac
} &&
  complete -F _kintrace kintrace
