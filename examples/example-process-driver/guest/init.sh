#!/bin/sh
# The first process of a guest, in namespaces of its own: what it prints is the guest's console.
#   init.sh HOSTNAME LINE…
# It runs when it is told to, by a line on its input, so that nothing runs that is written down nowhere.
read -r go || exit 1
exec </dev/null

hostname -- "$1" 2>/dev/null
shift
echo "Hello from process $$ of a guest of Kilonova"
for line in "$@"; do
  printf '%s\n' "$line"
done

trap 'echo "Going down"; exit 0' TERM
echo up >&3
exec 3>&-
while :; do
  sleep 2147483647 &
  wait $!
done
