#!/usr/bin/env bash
# One node and its control plane, inside the namespaces of mount, network, host name and processes that the caller made. Everything ends with this
# process, because it is the init of its namespace of processes.
# usage: node.sh FOLDER PROGRAMS ETCD APISERVER CONTROLLERS SCHEDULER KUBECTL CGROUP ARCHIVE...
set -eu
folder=$1 programs=$2 etcd=$3 apiserver=$4 controllers=$5 scheduler=$6 kubectl=$7 cgroup=$8
shift 8
pki=$folder/pki
export PATH=$programs:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
address=10.250.0.1

# Its own view of the folders that kubelet and CNI plugins write to. /var/lib, /var/log and /etc are covered, so that nothing is made on the machine.
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
for each in /var/lib /var/log; do
  mkdir -p "$folder$each"
  mount --bind "$folder$each" "$each"
done
mkdir -p "$folder/etc" "$folder/etc-work" "$folder/log" "$folder/pki" /var/lib/kubelet /var/lib/cni /run/containerd /run/netns
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$folder/etc,workdir=$folder/etc-work" /etc
mkdir -p /etc/cni/net.d
mount --make-rshared /
hostname n1
ip link set lo up
ip link add br0 type bridge
ip address add $address/24 dev br0
ip link set br0 up
ip route add default via $address
sysctl -qw net.ipv4.ip_forward=1
(cd "$pki" && bash "$(dirname "$0")/certificates.sh")

start() {
  name=$1
  shift
  "$@" >"$folder/log/$name.log" 2>&1 &
}
until_true() {
  for _ in $(seq 240); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.5
  done
  echo "this did not come true: $*" >&2
  exit 1
}

start etcd "$etcd" --data-dir "$folder/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
  --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
start apiserver "$apiserver" --etcd-servers=http://127.0.0.1:2379 --advertise-address=$address --secure-port=6443 --client-ca-file="$pki/ca.crt" \
  --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" --authorization-mode=Node,RBAC \
  --enable-admission-plugins=NodeRestriction --service-account-issuer=https://kubernetes.default.svc.cluster.local \
  --service-account-key-file="$pki/sa.pub" --service-account-signing-key-file="$pki/sa.key" --service-cluster-ip-range=10.96.0.0/16 \
  --allow-privileged=true --kubelet-client-certificate="$pki/kubelet-client.crt" --kubelet-client-key="$pki/kubelet-client.key" \
  --kubelet-preferred-address-types=InternalIP
until_true "$kubectl" --kubeconfig "$pki/admin.kubeconfig" get --raw /readyz
start controllers "$controllers" --kubeconfig="$pki/kcm.kubeconfig" --use-service-account-credentials=true \
  --service-account-private-key-file="$pki/sa.key" --root-ca-file="$pki/ca.crt" --allocate-node-cidrs=false --leader-elect=false
start scheduler "$scheduler" --kubeconfig="$pki/sched.kubeconfig" --leader-elect=false

cat >"$folder/containerd.toml" <<END
version = 3
root = "$folder/containerd"
state = "/run/containerd"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "docker.io/matchday/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "$programs/runc"
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$programs/cni"]
    conf_dir = "/etc/cni/net.d"
END
cat >/etc/cni/net.d/10-bridge.conflist <<END
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.1.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
END
start containerd containerd --config "$folder/containerd.toml"
until_true ctr --connect-timeout 1s version
for archive in "$@"; do ctr -n k8s.io images import "$archive" >>"$folder/log/import.log" 2>&1; done

cat >"$folder/kubelet.yaml" <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
tlsCertFile: $pki/n1.crt
tlsPrivateKeyFile: $pki/n1.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: $folder/resolv.conf
cgroupDriver: cgroupfs
cgroupRoot: /$cgroup
failCgroupV1: false
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
END
echo "nameserver $address" >"$folder/resolv.conf"
start kubelet kubelet --config="$folder/kubelet.yaml" --kubeconfig="$pki/n1.kubeconfig" --hostname-override=n1 --node-ip=$address \
  --node-labels=matchday.dev/pool=api,topology.kubernetes.io/zone=zone-a
until_true "$kubectl" --kubeconfig "$pki/admin.kubeconfig" wait --for=condition=Ready node/n1 --timeout=1s
echo ready
# Until the caller closes the other end.
cat >/dev/null
