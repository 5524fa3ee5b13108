/** Makes the cluster know chaos objects: their definitions, and the webhooks by which they are admitted. Safe to repeat. */

import { setTimeout as sleep } from 'node:timers/promises'
import { webhookName } from '../../protocols/chaos-mesh/admission.ts'
import type { ChaosKind } from '../../protocols/chaos-mesh/objects.ts'
import { GROUP, KINDS, pluralOf, VERSION } from '../../protocols/chaos-mesh/objects.ts'
import type { Cluster } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf } from '../cluster-access/json.ts'
import type { AdmissionServer } from './admission-server.ts'
import { crdName, customResourceDefinitions } from './crds.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1'
const ESTABLISHED_WITHIN_MS = 30_000

/** Returns when the API server serves the definitions. @throws when it does not within 30 s */
export async function install(cluster: Cluster, admission: AdmissionServer): Promise<void> {
  await Promise.all([
    ...customResourceDefinitions().map(({ name, body }) => cluster.apply(`${CRDS}/${name}`, body)),
    cluster.apply(`${WEBHOOKS}/mutatingwebhookconfigurations/chaos-mesh-mutation`, configuration('mutate', admission)),
    cluster.apply(
      `${WEBHOOKS}/validatingwebhookconfigurations/chaos-mesh-validation`,
      configuration('validate', admission),
    ),
  ])
  await Promise.all(KINDS.map((kind) => established(cluster, kind)))
}

async function established(cluster: Cluster, kind: ChaosKind): Promise<void> {
  const deadline = performance.now() + ESTABLISHED_WITHIN_MS
  for (;;) {
    const { status } = await cluster.get(`${CRDS}/${crdName(kind)}`)
    const conditions = listOf(fieldsOf(status).conditions).map(fieldsOf)
    if (conditions.some(({ type, status: holds }) => type === 'Established' && holds === 'True')) return
    if (performance.now() > deadline) throw new Error(`the API server does not serve ${kind} objects`)
    await sleep(50)
  }
}

function configuration(kind: 'mutate' | 'validate', { url, authorityPem }: AdmissionServer): unknown {
  const mutates = kind === 'mutate'
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: mutates ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name: mutates ? 'chaos-mesh-mutation' : 'chaos-mesh-validation' },
    webhooks: KINDS.map((chaos) => ({
      name: mutates ? `m${webhookName(chaos).slice(1)}` : webhookName(chaos),
      clientConfig: {
        url: `${url}/${kind}-${pluralOf(chaos)}`,
        caBundle: Buffer.from(authorityPem).toString('base64'),
      },
      rules: [
        { apiGroups: [GROUP], apiVersions: [VERSION], operations: ['CREATE', 'UPDATE'], resources: [pluralOf(chaos)] },
      ],
      // As upstream: without its daemon the cluster admits no chaos object.
      failurePolicy: 'Fail',
      timeoutSeconds: 5,
      sideEffects: 'None',
      admissionReviewVersions: ['v1'],
    })),
  }
}
