import { setTimeout as sleep } from 'node:timers/promises'
import type { Cluster } from '../cluster-access/cluster.ts'
import { INGRESS_CLASS } from './routes.ts'

// The default, because this ingress also serves Ingresses without a class.
const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: INGRESS_CLASS, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  spec: { controller: 'matchday.dev/lab-ingress' },
}

const RETRY_MS = 1_000

/** Writes the IngressClass that tells users and `matchday check` which controller serves. Tries again until the API server accepts it. */
export async function announceClass(cluster: Cluster): Promise<void> {
  const path = `/apis/networking.k8s.io/v1/ingressclasses/${INGRESS_CLASS}`
  const written = () =>
    cluster.apply(path, ingressClass).then(
      () => true,
      () => false,
    )
  while (!(await written())) await sleep(RETRY_MS)
}
