#!/usr/bin/env bash
# Starts the two-site test cluster, empties it, builds the image for it, runs `make e2e`, and takes the cluster away.
#
#   test/e2e/on-test-cluster/run.sh CLUSTER-COMMAND
#
# CLUSTER-COMMAND understands up, down, build, kubeconfig, kubectl, helm, cut, heal, stop-node, start-node and
# restart-kubelet. KEEP=1 leaves the cluster as it is at the end; REUSE=1 takes one that is up, without the chart.
set -euo pipefail

cluster=$(readlink -f "$1")
cd "$(dirname "${BASH_SOURCE[0]}")/../../.."
own=$PWD/test/e2e/on-test-cluster
export PATH=$PWD/node_modules/.bin:$PATH
image=localhost/kube-site-follower:e2e

say() { printf '%s e2e: %s\n' "$(date +%T)" "$*"; }

state=$(dirname "$("$cluster" kubeconfig)")

# Whatever is there, half of it too: of a run that was killed, or whose state was deleted.
clear_away() {
  mkdir -p "$state/run"
  "$cluster" down && return
  # What it does not know of any more is still in its cgroup, and mounted.
  find /sys/fs/cgroup -path '*/ksf/*' -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un | xargs -r kill -KILL || true
  awk -v below="$state/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r -n 1 umount -l
  "$cluster" down
}

work=$(mktemp -d)
finish() {
  # Quiet where all is well: what the tests said is to be the last that is read.
  [[ -n ${KEEP:-} ]] || "$cluster" down 2>"$work/down" || cat "$work/down" >&2
  rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [[ -z ${REUSE:-} ]]; then
  clear_away
  say 'starting the cluster; the first time it has to build Kubernetes, which takes about 25 minutes'
  "$cluster" up
fi
KUBECONFIG=$("$cluster" kubeconfig)
export KUBECONFIG
kubectl() { "$cluster" kubectl "$@"; }

# The cluster brings the operator, and the chart is to bring its own: all of it has to go, whatever is cluster-wide too.
operator_image=$(kubectl get deployments -A -l app.kubernetes.io/name=cloudnative-pg \
  -o jsonpath='{.items[0].spec.template.spec.containers[0].image}')
say "removing the operator $operator_image"
for kind in mutatingwebhookconfigurations validatingwebhookconfigurations clusterrolebindings clusterroles; do
  kubectl get "$kind" -o name | grep '/cnpg-' | xargs -r "$cluster" kubectl delete
done
crds=$(kubectl get crds -o name | grep '\.postgresql\.cnpg\.io$')
for crd in $crds; do
  # The deletion of a kind whose storage is still being made ready fails, and is tried again minutes later.
  for ((n = 0; n < 50; n++)); do kubectl get "${crd#*/}" -A >/dev/null 2>&1 && break; sleep 0.2; done
done
xargs -r "$cluster" kubectl delete <<<"$crds"
kubectl delete namespace cnpg-system --ignore-not-found

say 'building the image'
"$cluster" build "$image" .

say 'restarting the API server with an audit log'
audit=$state/log/e2e-audit.log
: >"$audit"
# With a larger heap: each collection of its garbage, one in ten seconds of work, takes both processors for 0.1 s, which
# a control plane has for itself.
heap=GOGC=400
env "$heap" "$own/restart-apiserver.sh" "$state/run/kube-apiserver.pid" "$cluster kubectl get --raw /readyz" \
  "--audit-policy-file=$own/audit-policy.yaml" "--audit-log-path=$audit"

# A control plane has machines of its own. Here it shares the processors with the sites, and each makes the other wait when
# all change at once. It weighs as much as two of them. With ten times a site's weight, a site's pods waited for up to 300 ms
# for what the database beside them had used, which is counted to the site as a whole.
read -r apiserver _ <"$state/run/kube-apiserver.pid"
weight=/sys/fs/cgroup/cpu$(sed -n 's/^[0-9]*:cpu[^:]*://p' "/proc/$apiserver/cgroup" | head -n 1)/cpu.shares
if [[ -w $weight ]]; then echo 2048 >"$weight"; else say "no cpu.shares at $weight: the control plane weighs as much as a site"; fi

cat >"$work/restart-apiserver" <<S
#!/usr/bin/env bash
exec env "$heap" "$own/restart-apiserver.sh" "$state/run/kube-apiserver.pid" "$cluster kubectl get --raw /readyz"
S
chmod +x "$work/restart-apiserver"

# With the roles and kinds of the operator that the cluster brought, such as 1.29 of the tag v1.29.0.
cnpg=$(sed 's/^v\{0,1\}\([0-9]*\.[0-9]*\).*/\1/' <<<"${operator_image##*:}")
CNPG=$cnpg node test/support/chart/assemble.ts "$work/chart" >/dev/null
cat >"$work/values.yaml" <<Y
# Two databases change roles on the processors that the controller needs in that moment.
controller:
  resources:
    requests: {cpu: 500m}
cloudnativepg:
  image:
    repository: ${operator_image%:*}
    tag: "${operator_image##*:}"
postgres:
  imageName: localhost/postgresql:15
  storage: {size: 1Gi, storageClass: local}
  spec:
    imagePullPolicy: IfNotPresent
    postgresql:
      parameters: {shared_buffers: 32MB, max_connections: "50"}
    # Each switchover waits until the old primary is ready again.
    probes:
      readiness: {periodSeconds: 1}
    # The tests write into it.
    bootstrap:
      initdb: {database: app, owner: app}
Y

say 'running the tests'
E2E_KUBECONFIG=$KUBECONFIG \
  E2E_IMAGE=$image \
  E2E_HELM="$cluster helm" \
  E2E_KUBECTL="$cluster kubectl" \
  E2E_CHART=$work/chart \
  E2E_VALUES=$work/values.yaml \
  E2E_SITES="$own/sites.sh $cluster" \
  E2E_RESTART_APISERVER=$work/restart-apiserver \
  E2E_AUDIT_LOG=$audit \
  E2E_HOST_ADDRESS=$(kubectl get endpoints kubernetes -o jsonpath='{.subsets[0].addresses[0].ip}') \
  make e2e
