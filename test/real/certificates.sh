#!/usr/bin/env bash
# Certificates and kubeconfigs of a cluster, in the current folder. The context is `real`.
# usage: certificates.sh NODE...
set -eu
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "$1.key" -out "$1.crt" -subj "/CN=$1" 2>/dev/null
}
# usage: certificate NAME SUBJECT [ALTERNATIVE NAMES] [AUTHORITY]
certificate() {
  signer=${4:-ca}
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n%s\n' \
    "${3:+subjectAltName=$3}" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA "$signer.crt" -CAkey "$signer.key" -CAcreateserial -days 2 -out "$1.crt" -extfile "$1.ext" 2>/dev/null
}
kubeconfig() {
  cat >"$1.kubeconfig" <<END
apiVersion: v1
kind: Config
clusters: [{name: real, cluster: {server: "https://10.250.0.1:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
contexts: [{name: real, context: {cluster: real, user: $1}}]
current-context: real
END
}
authority ca
# By the second one, servers of further APIs know requests that the API server forwards to them.
authority front-proxy
certificate front-proxy-client /CN=front-proxy-client "" front-proxy
certificate apiserver /CN=kube-apiserver "IP:10.96.0.1,IP:10.250.0.1,IP:127.0.0.1,DNS:kubernetes.default.svc"
certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client
certificate admin /O=system:masters/CN=admin
certificate kcm /CN=system:kube-controller-manager
certificate sched /CN=system:kube-scheduler
certificate kube-proxy /CN=system:kube-proxy
certificate network-policies /CN=network-policies
number=0
for node in "$@"; do
  number=$((number + 1))
  certificate "$node" "/O=system:nodes/CN=system:node:$node" "DNS:$node,IP:10.250.0.1$number"
done
openssl genrsa -out sa.key 2048 2>/dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
for each in admin kcm sched kube-proxy network-policies "$@"; do kubeconfig "$each"; done
