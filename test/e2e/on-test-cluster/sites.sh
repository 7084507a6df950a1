#!/usr/bin/env bash
# Takes sites away and brings them back: sites.sh CLUSTER-COMMAND ACTION NODE
set -euo pipefail

cluster=$1 action=$2 node=$3
"$cluster" "$action" "$node"
[[ $action == start-node ]] || exit 0

# A kubelet that asks its containerd a moment too early ends, and nothing but this starts it again.
pidfile=$(dirname "$("$cluster" kubeconfig)")/run/$node.kubelet.pid
for ((n = 0; n < 3; n++)); do
  sleep 2
  read -r pid _ <"$pidfile"
  kill -0 "$pid" 2>/dev/null || "$cluster" restart-kubelet "$node"
done
