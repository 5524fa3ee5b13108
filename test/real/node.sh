#!/usr/bin/env bash
# One node: containerd, a kubelet without our changes, kube-proxy and what enforces NetworkPolicies, inside namespaces of its own. It ends with this process, like a machine that
# loses power.
# usage: node.sh NAME NUMBER ZONE, with the environment of cluster.sh
set -eu
name=$1 number=$2 zone=$3
pki=$FOLDER/pki own=$FOLDER/nodes/$name address=10.250.0.1$number
export PATH=$PROGRAMS:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# All that runs on a node shares the processor time of the node (control-groups.ts).
if [ -n "$CPU_GROUP" ]; then echo $$ >"$CPU_GROUP/$name/cgroup.procs"; fi

# Its own view of the folders that kubelet and CNI plugins write to. /var/lib, /var/log and /etc are covered, so that nothing is made on the machine.
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs tmpfs /run
for each in /var/lib /var/log; do
  mkdir -p "$own$each"
  mount --bind "$own$each" "$each"
done
mkdir -p "$own/etc" "$own/etc-work" /var/lib/kubelet /var/lib/cni /run/containerd /run/netns
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$own/etc,workdir=$own/etc-work" /etc
mkdir -p /etc/cni/net.d
mount --make-rshared /
hostname "$name"
ip link set lo up
until ip link show eth0 >/dev/null 2>&1; do sleep 0.05; done
ip address add "$address/24" dev eth0
ip link set eth0 up
ip route add default via 10.250.0.1
for each in $(seq "$NODES"); do
  if [ "$each" != "$number" ]; then ip route add "10.244.$each.0/24" via "10.250.0.1$each"; fi
done
sysctl -qw net.ipv4.ip_forward=1

start() {
  log=$FOLDER/log/$name-$1.log
  shift
  "$@" >>"$log" 2>&1 &
}

cat >"$own/containerd.toml" <<END_OF_FILE
version = 3
root = "$own/containerd"
state = "/run/containerd"
[plugins."io.containerd.cri.v1.images".pinned_images]
  sandbox = "docker.io/matchday/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
  restrict_oom_score_adj = true
  [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.cri.v1.runtime".containerd.runtimes.runc.options]
      BinaryName = "$PROGRAMS/runc"
      SystemdCgroup = false
  [plugins."io.containerd.cri.v1.runtime".cni]
    bin_dirs = ["$PROGRAMS/cni"]
    conf_dir = "/etc/cni/net.d"
END_OF_FILE
cat >/etc/cni/net.d/10-bridge.conflist <<END_OF_FILE
{"cniVersion": "1.0.0", "name": "pods", "plugins": [{"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
  "ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.$number.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}}]}
END_OF_FILE
start containerd containerd --config "$own/containerd.toml"
until ctr --connect-timeout 1s version >/dev/null 2>&1; do sleep 0.5; done
if [ ! -e "$own/imported" ]; then
  for archive in $ARCHIVES; do ctr -n k8s.io images import "$archive" >>"$FOLDER/log/$name-import.log" 2>&1; done
  touch "$own/imported"
fi

cat >"$own/kubelet.yaml" <<END_OF_FILE
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
tlsCertFile: $pki/$name.crt
tlsPrivateKeyFile: $pki/$name.key
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
clusterDNS: [10.96.0.10]
clusterDomain: cluster.local
resolvConf: $own/resolv.conf
cgroupDriver: cgroupfs
cgroupRoot: /$CGROUP/$name
# Said every two seconds, so that 16 s of silence mean something on a busy machine, too.
nodeLeaseDurationSeconds: 8
nodeStatusUpdateFrequency: 2s
failCgroupV1: false
failSwapOn: false
imageGCHighThresholdPercent: 100
imageGCLowThresholdPercent: 99
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
END_OF_FILE
echo "nameserver 10.250.0.1" >"$own/resolv.conf"
start kubelet kubelet --config="$own/kubelet.yaml" --kubeconfig="$pki/$name.kubeconfig" --hostname-override="$name" --node-ip="$address" \
  --node-labels="matchday.dev/pool=api,topology.kubernetes.io/zone=$zone"
with_netfilter=(env "PATH=$NETFILTER/bin:$PATH" "LD_LIBRARY_PATH=$NETFILTER/lib" "XTABLES_LIBDIR=$NETFILTER/lib/xtables")
start kube-proxy "${with_netfilter[@]}" kube-proxy --kubeconfig="$pki/kube-proxy.kubeconfig" --hostname-override="$name" --cluster-cidr=10.244.0.0/16 --proxy-mode=iptables \
  --conntrack-max-per-core=0 --metrics-bind-address=127.0.0.1:10249
# It exits if something that it needs does not exist yet, such as the Node. It is started again, as a kubelet would do for a DaemonSet.
if [ -n "$NETWORK" ]; then
  start network-policies "${with_netfilter[@]}" bash -c 'until "$@"; do sleep 1; done' - \
    "$NETWORK/network-policies" "$pki/network-policies.kubeconfig" 10.96.0.0/16
fi
wait
