#!/bin/sh
# KEDA as a container of the lab. Flags replace the paths and addresses that it would use in a pod.
# usage: run.sh <image folder> operator|adapter [flags]
set -eu
image=$1
program=$2
shift 2

here=$MATCHDAY_NATIVE_ADDRESS
account="$MATCHDAY_ROOT/var/run/secrets/kubernetes.io/serviceaccount"
certificates="$MATCHDAY_ROOT/certs"

# Without network namespaces the API server listens on the machine itself, and the ClusterIP in a pod's environment leads nowhere.
unset NODE_OPTIONS KUBERNETES_SERVICE_HOST KUBERNETES_SERVICE_PORT
export KUBECONFIG="$TMPDIR/kubeconfig"
cat >"$KUBECONFIG" <<END
apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: lab, cluster: {server: "$MATCHDAY_API_SERVER", certificate-authority: "$account/ca.crt"}}]
users: [{name: pod, user: {tokenFile: "$account/token"}}]
contexts: [{name: lab, context: {cluster: lab, user: pod}}]
END

case $program in
operator)
  exec "$image/keda-operator" --cert-dir="$certificates" --ca-dir="$TMPDIR" \
    --metrics-bind-address="$here:8080" --health-probe-bind-address="$here:8081" --metrics-service-bind-address="$here:9666" "$@"
  ;;
adapter)
  exec "$image/keda-adapter" --bind-address="$here" --secure-port=6443 --cert-dir="$certificates" \
    --tls-cert-file="$certificates/tls.crt" --tls-private-key-file="$certificates/tls.key" --client-ca-file="$certificates/ca.crt" \
    --lister-kubeconfig="$KUBECONFIG" --authentication-kubeconfig="$KUBECONFIG" --authorization-kubeconfig="$KUBECONFIG" "$@"
  ;;
*)
  echo "keda: no program $program" >&2
  exit 2
  ;;
esac
