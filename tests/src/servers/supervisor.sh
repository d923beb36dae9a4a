# Runs a server: supervisor.sh FOLDER PROGRAM ARGUMENT...
#
# Prints the server's process id, and ends when the server ends, with its status. Each line of
# standard input is the name of a signal for the server. When standard input closes, whoever
# started this is gone: the server is killed, and FOLDER, which holds its data, removed.

folder=$1
shift
exec 3<&0
"$@" </dev/null 3<&- >>"$folder/output.log" 2>&1 &
server=$!
echo "$server"
exec >>"$folder/output.log" 2>&1
(
    while read -r signal; do
        kill -"$signal" "$server"
    done
    trap '' TERM
    kill -KILL "$server"
    while kill -0 "$server" 2>/dev/null; do
        sleep 0.05
    done
    rm -rf "$folder"
) <&3 &
watcher=$!
exec 3<&-
wait "$server"
status=$?
kill "$watcher"
exit "$status"
