import type { ClusterClient } from '../cluster-access/cluster.ts'
import { type DaemonLog, untilDone } from '../machine/daemon.ts'
import { INGRESS_CLASS } from './routes.ts'

// The default class, because this ingress also serves Ingresses without a class.
const ingressClass = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'IngressClass',
  metadata: { name: INGRESS_CLASS, annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
  spec: { controller: 'matchday.dev/lab-ingress' },
}

/** Creates the IngressClass of the lab. Retries until the API server accepts it. */
export async function registerClass(cluster: ClusterClient, log: DaemonLog): Promise<void> {
  const path = `/apis/networking.k8s.io/v1/ingressclasses/${INGRESS_CLASS}`
  await untilDone('IngressClass', () => cluster.apply(path, ingressClass), log)
}
