#!/bin/sh
# Karpenter as a container of the lab. Flags replace the paths and addresses that it would use in a pod.
# usage: run.sh <image folder> [flags]
set -eu
image=$1
shift
account="$MATCHDAY_ROOT/var/run/secrets/kubernetes.io/serviceaccount"

# The API server listens on the machine itself. The ClusterIP in a pod's environment leads nowhere.
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

exec "$image/karpenter" --instance-types-file-path="$image/instance-types.json" "$@"
