#!/usr/bin/env bash
# Certificates and kubeconfigs of a cluster with one node, in the current folder. The context is `real`.
set -eu
authority() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -keyout "$1.key" -out "$1.crt" -subj "/CN=$1" 2>/dev/null
}
# usage: certificate NAME SUBJECT [ALTERNATIVE NAMES]
certificate() {
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>/dev/null
  printf 'basicConstraints=CA:FALSE\nkeyUsage=digitalSignature,keyEncipherment\nextendedKeyUsage=serverAuth,clientAuth\n%s\n' \
    "${3:+subjectAltName=$3}" >"$1.ext"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" -extfile "$1.ext" 2>/dev/null
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
certificate apiserver /CN=kube-apiserver "IP:10.96.0.1,IP:10.250.0.1,IP:127.0.0.1,DNS:kubernetes.default.svc"
certificate kubelet-client /O=system:masters/CN=apiserver-kubelet-client
certificate admin /O=system:masters/CN=admin
certificate kcm /CN=system:kube-controller-manager
certificate sched /CN=system:kube-scheduler
certificate n1 /O=system:nodes/CN=system:node:n1 "DNS:n1,IP:10.250.0.1"
openssl genrsa -out sa.key 2048 2>/dev/null
openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
for each in admin kcm sched n1; do kubeconfig "$each"; done
