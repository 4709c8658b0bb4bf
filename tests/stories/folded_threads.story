# Threads alike become two lines of the tree, however many they are.
$ kintrace --stable --view tree {FIXTURES}/many_threads 20
p1 many_threads 20              exit 0
   · thread t2 many_threads     exit 0, shares memory, files, fs, signals
   · … 19 more threads like it  exit 0
