/** Installs the chaos kinds in the cluster: their definitions and the admission webhooks. Can be repeated. */

import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import { webhookName } from '../../protocols/chaos-mesh/admission.ts'
import type { ChaosKind } from '../../protocols/chaos-mesh/objects.ts'
import { API_VERSION, GROUP, KINDS, pluralOf, VERSION } from '../../protocols/chaos-mesh/objects.ts'
import { OTHER_KINDS } from '../../protocols/chaos-mesh/other-kinds.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf } from '../machine/json.ts'
import type { AdmissionServer } from './admission-server.ts'
import { crdName, customResourceDefinitions, refusedDefinitions } from './crds.ts'
import { ENACTED_KINDS, type EnactedKind, enacted } from './enacted.ts'

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1'
const WITHIN_MS = 30_000
const AGAIN_MS = 50

/** Resolves when the API server serves the definitions and calls the webhooks. @throws when that takes more than 30 s */
export async function install(cluster: ClusterClient, admission: AdmissionServer): Promise<void> {
  await Promise.all([
    ...[...customResourceDefinitions(), ...refusedDefinitions()].map(({ name, body }) =>
      cluster.apply(`${CRDS}/${name}`, body),
    ),
    cluster.apply(`${WEBHOOKS}/mutatingwebhookconfigurations/chaos-mesh-mutation`, configuration('mutate', admission)),
    cluster.apply(
      `${WEBHOOKS}/validatingwebhookconfigurations/chaos-mesh-validation`,
      configuration('validate', admission),
    ),
  ])
  await Promise.all(KINDS.map((kind) => established(cluster, kind)))
  await Promise.all(ENACTED_KINDS.map((kind) => guarded(cluster, kind)))
}

async function established(cluster: ClusterClient, kind: ChaosKind): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  for (;;) {
    const { status } = await cluster.get(`${CRDS}/${crdName(kind)}`)
    const conditions = listOf(fieldsOf(status).conditions).map(fieldsOf)
    if (conditions.some(({ type, status: holds }) => type === 'Established' && holds === 'True')) return
    if (performance.now() > deadline) throw new Error(`the API server does not serve ${kind} objects`)
    await sleep(AGAIN_MS)
  }
}

/**
 * Sends an object that only the webhooks refuse, as a dry run. Until they do, an invalid object could get through. It also does the API
 * server's slow first call to the webhooks before the first real fault.
 */
async function guarded(cluster: ClusterClient, kind: EnactedKind): Promise<void> {
  const deadline = performance.now() + WITHIN_MS
  const probe = {
    apiVersion: API_VERSION,
    kind,
    metadata: { name: 'admission-probe' },
    spec: { ...enacted[kind].sample, mode: 'fixed', value: '0', selector: {} },
  }
  const path = `/apis/${API_VERSION}/namespaces/default/${pluralOf(kind)}?dryRun=All`
  for (;;) {
    const answer = await cluster.create(path, probe).then(() => 'admitted', messageOf)
    if (answer.includes(webhookName(kind)) && answer.includes('denied')) return
    if (performance.now() > deadline) throw new Error(`${kind} objects do not reach the webhooks: ${answer}`)
    await sleep(AGAIN_MS)
  }
}

function configuration(kind: 'mutate' | 'validate', { url, authorityPem }: AdmissionServer): unknown {
  const mutates = kind === 'mutate'
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: mutates ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name: mutates ? 'chaos-mesh-mutation' : 'chaos-mesh-validation' },
    webhooks: [
      ...KINDS.map((chaos) => {
        const name = mutates ? `m${webhookName(chaos).slice(1)}` : webhookName(chaos)
        return webhook(name, `${url}/${kind}-${pluralOf(chaos)}`, [pluralOf(chaos)], authorityPem)
      }),
      ...(mutates ? [] : [refusing(url, authorityPem)]),
    ],
  }
}

/** One webhook for all kinds that the lab defines and does not enact. */
const refusing = (url: string, authorityPem: string): unknown =>
  webhook(
    'vother.kb.io',
    `${url}/validate-other`,
    OTHER_KINDS.map(({ plural }) => plural),
    authorityPem,
  )

function webhook(name: string, url: string, resources: readonly string[], authorityPem: string): unknown {
  return {
    name,
    clientConfig: { url, caBundle: Buffer.from(authorityPem).toString('base64') },
    rules: [{ apiGroups: [GROUP], apiVersions: [VERSION], operations: ['CREATE', 'UPDATE'], resources }],
    // As upstream: without the daemon, the cluster admits no chaos object.
    failurePolicy: 'Fail',
    timeoutSeconds: 5,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  }
}
