#!/usr/bin/env bash
# Ends a kube-apiserver that runs as a plain process and starts it again: same program, arguments, cgroups and log.
# Audit flags given here replace those it had; without any it keeps what it has.
#
#   restart-apiserver.sh PIDFILE READYZ-COMMAND [--audit-…=VALUE]...
#
# PIDFILE holds "pid start-time" (field 22 of /proc/PID/stat) and is written again in the same form, so that whoever
# keeps it can still end the process. READYZ-COMMAND is run until it succeeds.
set -euo pipefail

pidfile=$1 ready=$2
shift 2
for flag in "$@"; do
  [[ $flag == --audit-*=* ]] || { echo "not an audit flag: $flag" >&2; exit 2; }
done

start_time() { sed 's/.*) //' "/proc/$1/stat" 2>/dev/null | cut -d' ' -f20; }

read -r pid started <"$pidfile"
[[ -n $started && $(start_time "$pid") == "$started" ]] || { echo "no process is alive for $pidfile" >&2; exit 1; }
mapfile -d '' -t command <"/proc/$pid/cmdline"
program=$(readlink "/proc/$pid/exe")
log=$(readlink "/proc/$pid/fd/1")
# One path in every hierarchy, as the test cluster has it.
cgroup=$(cut -d: -f3 "/proc/$pid/cgroup" | head -n 1)

arguments=()
for argument in "${command[@]:1}"; do
  (($#)) && [[ $argument == --audit-* ]] && continue
  arguments+=("$argument")
done

kill -TERM "$pid"
# It ends in good order within a few seconds, unless watches hold it.
for ((n = 0; ; n++)); do
  [[ $(start_time "$pid") == "$started" ]] || break
  ((n == 50)) && kill -KILL "$pid" 2>/dev/null
  ((n < 150)) || { echo "kube-apiserver $pid does not end" >&2; exit 1; }
  sleep 0.1
done

export RESTART_PIDFILE=$pidfile RESTART_CGROUP=$cgroup
# In a session of its own, and in the cgroup of the old one before it takes any memory.
setsid bash -c '
  for mount in $(awk "\$3 ~ /^cgroup/ { print \$2 }" /proc/mounts); do
    [[ -w $mount$RESTART_CGROUP/cgroup.procs ]] && echo $$ >"$mount$RESTART_CGROUP/cgroup.procs"
  done
  echo "$$ $(sed "s/.*) //" /proc/$$/stat | cut -d" " -f20)" >"$RESTART_PIDFILE.new"
  mv "$RESTART_PIDFILE.new" "$RESTART_PIDFILE"
  unset RESTART_PIDFILE RESTART_CGROUP
  exec "$@"' restart "$program" "${arguments[@]}" "$@" </dev/null >>"$log" 2>&1 &
disown

for ((n = 0; n < 600; n++)); do
  $ready >/dev/null 2>&1 && exit 0
  sleep 0.1
done
echo "kube-apiserver is not ready a minute after its restart; its log: $log" >&2
exit 1
