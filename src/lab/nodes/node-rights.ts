import { type ClusterClient, isConflict } from '../cluster-access/cluster.ts'

// The node authorizer lets a kubelet read only the secrets, ConfigMaps and claims of pods that it runs. It learns about pods by a watch. On
// a busy machine a kubelet may ask before the authorizer knows the pod: it is refused, and the pod waits 10 to 15 s for its next sync. In a
// cluster this hides behind image pulls; in the lab it would be half of a boot. So all nodes may read these things: all kubelets of a lab
// run as one user, who can read everything anyway.
const NAME = 'matchday:node-reads'

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: NAME },
  rules: [
    {
      apiGroups: [''],
      resources: ['secrets', 'configmaps', 'persistentvolumeclaims', 'persistentvolumes'],
      verbs: ['get', 'list', 'watch'],
    },
    { apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] },
  ],
}

const binding = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: NAME },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: NAME },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'system:nodes' }],
}

/** Lets every node read what its pods need. @throws ApiProblem when the API server refuses */
export async function grantNodeReads(api: ClusterClient): Promise<void> {
  await create(api, 'clusterroles', role)
  await create(api, 'clusterrolebindings', binding)
}

async function create(api: ClusterClient, resource: string, body: unknown): Promise<void> {
  try {
    await api.create(`/apis/rbac.authorization.k8s.io/v1/${resource}`, body)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}
