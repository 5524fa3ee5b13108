#!/usr/bin/env bash
# A control plane and its nodes, inside the namespaces of mount, network, host name and processes that the caller made. Everything ends with this
# process, because it is the init of its namespace of processes. The control plane is at 10.250.0.1; node number 2 is at 10.250.0.12 and has the pods
# of 10.244.2.0/24. There is no way out.
# usage: cluster.sh NAME=ZONE..., with FOLDER, PROGRAMS, NETFILTER, NETWORK, CGROUP, CPU_GROUP, ARCHIVES, ETCD, APISERVER, CONTROLLERS, SCHEDULER and KUBECTL in the environment
set -eu
here=$(cd "$(dirname "$0")" && pwd)
pki=$FOLDER/pki
address=10.250.0.1

# The control plane has processor time of its own (control-groups.ts).
if [ -n "$CPU_GROUP" ]; then echo $$ >"$CPU_GROUP/control-plane/cgroup.procs"; fi
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
mkdir -p "$FOLDER/log" "$pki" "$FOLDER/nodes"
ip link set lo up
ip link add br0 type bridge
ip address add $address/24 dev br0
ip link set br0 up
# The API server, which advertises this address, wants a default route.
ip route add default via $address
(cd "$pki" && bash "$here/certificates.sh" "${@%%=*}")

start() {
  name=$1
  shift
  "$@" >"$FOLDER/log/$name.log" 2>&1 &
}
until_true() {
  for _ in $(seq 240); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  echo "this did not come true: $*" >&2
  exit 1
}

# Who asked for what, without the content. `matchday` is the account under test; the rest would be much and tells nothing.
cat >"$FOLDER/audit.yaml" <<END_OF_POLICY
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: Metadata, userGroups: ["system:serviceaccounts"]}
  - {level: None}
END_OF_POLICY
start etcd "$ETCD" --data-dir "$FOLDER/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
start apiserver "$APISERVER" --etcd-servers=http://127.0.0.1:2379 --advertise-address=$address --secure-port=6443 --client-ca-file="$pki/ca.crt" \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" --service-cluster-ip-range=10.96.0.0/16 \
  --allow-privileged=true --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
  --kubelet-preferred-address-types=InternalIP --enable-aggregator-routing=true --audit-policy-file="$FOLDER/audit.yaml" \
  --requestheader-client-ca-file="$pki/front-proxy.crt" --requestheader-allowed-names=front-proxy-client \
  --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
  --requestheader-extra-headers-prefix=X-Remote-Extra- --proxy-client-cert-file="$pki/front-proxy-client.crt" \
  --proxy-client-key-file="$pki/front-proxy-client.key" --audit-log-path="$FOLDER/log/audit.log" --default-not-ready-toleration-seconds=6 --default-unreachable-toleration-seconds=6
until_true "$KUBECTL" --kubeconfig "$pki/admin.kubeconfig" get --raw /readyz
if [ -n "$NETWORK" ]; then "$KUBECTL" --kubeconfig "$pki/admin.kubeconfig" create -f "$here/network-policies.yaml" >/dev/null; fi
start controllers "$CONTROLLERS" --kubeconfig="$pki/kcm.kubeconfig" --use-service-account-credentials=true \
  --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" --allocate-node-cidrs=false --leader-elect=false --horizontal-pod-autoscaler-sync-period=2s \
  --node-monitor-period=1s --node-monitor-grace-period=16s
start scheduler "$SCHEDULER" --kubeconfig="$pki/sched.kubeconfig" --leader-elect=false

# Boots a node, and again each time that it loses power, once `NAME.off` is gone.
# usage: keep NAME NUMBER ZONE
keep() {
  while true; do
    unshare --mount --net --uts --pid --fork --kill-child=SIGKILL bash "$here/node.sh" "$@" &
    echo $! >"$FOLDER/nodes/$1.pid"
    # Its own namespace of networks is there once it has another one than this process.
    until [ "$(readlink "/proc/$!/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.05; done
    # The kernel removes the link of the boot before a moment after that has ended.
    until ip link add "v$2" type veth peer name eth0 netns $! 2>/dev/null; do sleep 0.1; done
    ip link set "v$2" master br0 up
    # Without the shell saying that it was killed.
    { wait $! || true; } 2>/dev/null
    until [ ! -e "$FOLDER/nodes/$1.off" ]; do sleep 0.2; done
  done
}
number=0
for each in "$@"; do
  number=$((number + 1))
  ip route add "10.244.$number.0/24" via "10.250.0.1$number"
  keep "${each%%=*}" $number "${each#*=}" &
done
for each in "$@"; do
  until_true "$KUBECTL" --kubeconfig "$pki/admin.kubeconfig" wait --for=condition=Ready "node/${each%%=*}" --timeout=1s
done
echo ready
# Until the caller closes the other end.
cat >/dev/null
