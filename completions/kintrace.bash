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
  local views='timeline tree findings jsonl'
  if [[ $cur == *=* ]]; then
    cur=${cur#*=}
    _kintrace_files
  elif [[ $cur == *,* ]]; then
    COMPREPLY=($(compgen -P "${cur%,*}," -W "$views" -- "${cur##*,}"))
  else
    _kintrace_values "$views list"
  fi
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
  local options='-o --output --view -q --quiet -s --string-limit -t -r --relative-timestamps --color --stable --read
    --self-check -h --help -V --version'
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
        --output | --view | --string-limit | --color | --read) option=$word ;;
        --*) ;;
        -*[os]) [[ $word =~ ^-[qtrhV]*[os]$ ]] && option=-${word: -1} ;;
        -*) ;;
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
    -s | --string-limit) ;;
    *) _kintrace_values "$options" ;;
  esac
} &&
  complete -F _kintrace kintrace
