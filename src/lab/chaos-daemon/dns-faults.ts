/**
 * DNSChaos: each record is a container, but the whole pod is affected, because its containers share one resolver. Chaos Mesh calls its DNS
 * server in the same step, so there is no `…/Wait` phase. It removes rules by the experiment's name, all at once.
 */

import type { ChaosObject, ChaosRecord, DNSChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { DnsEffect } from '../pod-network/dns-effect.ts'
import {
  type EnactedFault,
  type Enactor,
  type EnactorPorts,
  failed,
  podNotFound,
  podOf,
  type RecordOutcome,
  type SourceNames,
} from './enactor.ts'
import { refuseHostNetwork, uidOf } from './rule-faults.ts'

/** Chaos Mesh's DNS server knows no namespaces, and no experiment waits for it. */
const sources: SourceNames = { of: ({ name }) => `dnschaos:${name}`, waiting: () => undefined }
const sourceOf = ({ metadata }: ChaosObject): string => sources.of(metadata)

export const dnsChaos: EnactedFault = {
  problems: () => [],
  sample: { action: 'error' },
  sources,
  createEnactor: createDnsEnactor,
}

function createDnsEnactor({ cluster, agent }: EnactorPorts): Enactor {
  const apply = async (object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome> => {
    const pod = await podOf(cluster, record)
    if (pod === undefined) throw new Error(podNotFound(record))
    refuseHostNetwork(object, record, pod)
    const podUid = uidOf(pod)
    agent.want(sourceOf(object), podUid, [{ podUid, effect: dnsEffect(specOf(object)) }])
    await acknowledged(object, podUid)
    return { phase: 'Injected' }
  }

  const recover = async (object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome> => {
    // The rules that an earlier process set must be known before they can be removed.
    await agent.adopt()
    agent.wantNothing(sourceOf(object))
    const pod = await podOf(cluster, record)
    if (pod === undefined) await agent.settle(sourceOf(object))
    else await acknowledged(object, uidOf(pod)).catch(unlessGone)
    return { phase: 'Not Injected' }
  }

  /** @throws when the pod does not acknowledge */
  const acknowledged = async (object: ChaosObject, podUid: string): Promise<void> => {
    await agent.settle(sourceOf(object))
    const standing = agent.standing(sourceOf(object), podUid)
    if (standing.kind === 'gone') throw new Gone('the pod network does not know the pod')
    if (standing.kind === 'failed') throw new Error(standing.problem)
  }

  return {
    apply: (object, record) => apply(object, record).catch((error: unknown) => failed('Not Injected', error)),
    recover: (object, record) => recover(object, record).catch((error: unknown) => failed('Injected', error)),
    flush: () => {},
    release: (object) => agent.release(sourceOf(object)),
  }
}

class Gone extends Error {}

function unlessGone(error: unknown): void {
  if (!(error instanceof Gone)) throw error
}

function dnsEffect({ action, patterns = [] }: DNSChaosSpec): DnsEffect {
  return { kind: 'dns', answer: action, patterns: patterns.length === 0 ? 'any' : patterns.map(patternOf) }
}

// The server's own message. It allows the asterisk nowhere else.
function patternOf(pattern: string): string {
  if (pattern.slice(0, -1).includes('*'))
    throw new Error(`pattern ${JSON.stringify(pattern)}: the asterisk must be its last character`)
  return pattern
}

function specOf(object: ChaosObject): DNSChaosSpec {
  if (object.kind !== 'DNSChaos') throw new Error(`${object.kind} is not a DNS fault`)
  return object.spec
}
