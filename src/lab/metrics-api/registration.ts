/** Registers both metrics APIs with the API server: a Service for this machine, and an APIService for each. Can be repeated. */

import type { ClusterClient } from '../cluster-access/cluster.ts'
import { METRICS_API_HOST } from '../topology/names.ts'
import { CUSTOM, CUSTOM_VERSION, RESOURCE, RESOURCE_VERSION } from './answers.ts'

const [SERVICE = '', NAMESPACE = ''] = METRICS_API_HOST.split('.')

export async function register(cluster: ClusterClient, port: number, authorityPem: string): Promise<void> {
  await cluster.apply(`/api/v1/namespaces/${NAMESPACE}`, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE },
  })
  await cluster.apply(`/api/v1/namespaces/${NAMESPACE}/services/${SERVICE}`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: SERVICE, namespace: NAMESPACE },
    // The API server connects to the name itself; pods never do.
    spec: { type: 'ExternalName', externalName: 'localhost', ports: [{ port, protocol: 'TCP' }] },
  })
  const caBundle = Buffer.from(authorityPem).toString('base64')
  await Promise.all([
    applyApi(cluster, CUSTOM, CUSTOM_VERSION, port, caBundle),
    applyApi(cluster, RESOURCE, RESOURCE_VERSION, port, caBundle),
  ])
}

async function applyApi(
  cluster: ClusterClient,
  group: string,
  version: string,
  port: number,
  caBundle: string,
): Promise<void> {
  const name = `${version}.${group}`
  await cluster.apply(`/apis/apiregistration.k8s.io/v1/apiservices/${name}`, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: {
      group,
      version,
      groupPriorityMinimum: 100,
      versionPriority: 100,
      caBundle,
      service: { name: SERVICE, namespace: NAMESPACE, port },
    },
  })
}
