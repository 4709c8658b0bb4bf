# What a program was given is shown, and no control byte of it reaches the terminal.
$ kintrace --stable true "$(printf 'a\033[31mb\nc')" '' "it's" '$x'
p1 true
  exec /usr/bin/true $'a\x1b[31mb\nc' '' 'it'\''s' '$x'
  exit 0

p1 true $'a\x1b[31mb\nc' '' 'it'\''s' '$x'  exit 0
