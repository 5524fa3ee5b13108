/**
 * Faults that a pod holds as rules (network and HTTP): each record is a pod. A request moves a record to a `…/Wait` phase; the pod's
 * acknowledgement moves it on. The rules are made once, at the first request: pods that come later are not included.
 */

import { messageOf } from '../../domain/unknown.ts'
import { recordsOf } from '../../protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord } from '../../protocols/chaos-mesh/objects.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import type { FaultRule } from '../pod-network/rules.ts'
import { type Enactor, failed, podNotFound, podOf, type RecordOutcome, type SourceNames } from './enactor.ts'
import type { NetworkAgent } from './network-agent.ts'

/** What a kind of fault makes of a record. */
export type RuleMaker = {
  /** False for an end where the direction does not act; its records count as injected at once. */
  acts(object: ChaosObject, record: ChaosRecord): boolean
  /** @throws when no rules can be made */
  rulesOf(object: ChaosObject, record: ChaosRecord, podUid: string): Promise<readonly FaultRule[]>
}

export function createRuleEnactor(
  cluster: ClusterClient,
  agent: NetworkAgent,
  sources: SourceNames,
  maker: RuleMaker,
): Enactor {
  const sourceOf = ({ metadata }: ChaosObject): string => sources.of(metadata)

  /** Pods whose rules cannot be made, with the reason. Their records wait, as upstream's do. */
  const impossible = new Map<string, string>()
  /** Pods that failed to acknowledge. The next try asks them again. */
  const refused = new Set<string>()

  const ask = async (object: ChaosObject, record: ChaosRecord, pod: Fields): Promise<void> => {
    const source = sourceOf(object)
    const uid = uidOf(pod)
    impossible.delete(slotOf(source, uid))
    try {
      refuseHostNetwork(object, record, pod)
      // A pod may be at both ends of its own experiment. It then holds the rules of both.
      const roles = (recordsOf(object) ?? [record]).filter((other) => other.id === record.id)
      const rules = await Promise.all(roles.map((role) => maker.rulesOf(object, role, uid)))
      agent.want(source, uid, rules.flat())
    } catch (error) {
      impossible.set(slotOf(source, uid), messageOf(error))
    }
  }

  /** The phase to which the pod's answer moves a waiting record. */
  const arrived = (source: string, uid: string, from: WaitingPhase): RecordOutcome => {
    const standing = agent.standing(source, uid)
    switch (standing.kind) {
      case 'waiting':
        return { phase: from }
      case 'acknowledged':
        return { phase: from === 'Injected/Wait' ? 'Not Injected' : 'Injected' }
      case 'gone':
        if (from === 'Injected/Wait') return { phase: 'Not Injected' }
        refused.add(slotOf(source, uid))
        return failed(from, 'the pod network does not know the pod')
      case 'failed':
        refused.add(slotOf(source, uid))
        return failed(from, standing.problem)
      case 'refused':
        // The same question gets the same answer. A record that waits would block the deletion of its experiment: Chaos Mesh first finishes the injection.
        agent.want(source, uid, [])
        return failed('Not Injected', standing.problem)
    }
  }

  const applyWaiting = async (object: ChaosObject, record: ChaosRecord, pod: Fields): Promise<RecordOutcome> => {
    const source = sourceOf(object)
    const uid = uidOf(pod)
    const reason = impossible.get(slotOf(source, uid))
    const asked = (agent.wanted(source, uid)?.length ?? 0) > 0 && !refused.delete(slotOf(source, uid))
    if (reason === undefined && asked) return arrived(source, uid, 'Not Injected/Wait')
    await ask(object, record, pod)
    return reason === undefined ? { phase: 'Not Injected/Wait' } : failed('Not Injected/Wait', reason)
  }

  const apply = async (object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome> => {
    const waiting = record.phase === 'Not Injected/Wait'
    const pod = await podOf(cluster, record)
    if (pod === undefined) return waiting ? { phase: 'Not Injected' } : failed('Not Injected', podNotFound(record))
    if (waiting) return applyWaiting(object, record, pod)
    if (fieldsOf(pod.status).phase !== 'Running') return failed('Not Injected', 'pod not running')
    if (!maker.acts(object, record)) return { phase: 'Injected' }
    await ask(object, record, pod)
    return { phase: 'Not Injected/Wait', instance: instanceOf(object, record) + 1 }
  }

  const recover = async (object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome> => {
    const source = sourceOf(object)
    const waiting = record.phase === 'Injected/Wait'
    const pod = await podOf(cluster, record)
    if (pod === undefined) return { phase: 'Not Injected' }
    const uid = uidOf(pod)
    const asked = agent.wanted(source, uid)?.length === 0 && !refused.delete(slotOf(source, uid))
    if (waiting && asked) return arrived(source, uid, 'Injected/Wait')
    agent.want(source, uid, [])
    return { phase: 'Injected/Wait', ...(waiting ? {} : { instance: instanceOf(object, record) + 1 }) }
  }

  const attempt = async (record: ChaosRecord, act: () => Promise<RecordOutcome>): Promise<RecordOutcome> => {
    try {
      return await act()
    } catch (error) {
      return failed(record.phase, error)
    }
  }

  return {
    apply: (object, record) => attempt(record, () => apply(object, record)),
    recover: (object, record) => attempt(record, () => recover(object, record)),
    flush: (object) => agent.flush(sourceOf(object)),
    release: (object) => agent.release(sourceOf(object)),
  }
}

type WaitingPhase = 'Not Injected/Wait' | 'Injected/Wait'
const slotOf = (source: string, uid: string): string => `${source} ${uid}`
export const uidOf = (pod: Fields): string => textOf(fieldsOf(pod.metadata).uid)
const instanceOf = (object: ChaosObject, record: ChaosRecord): number => object.status?.instances?.[record.id] ?? 0

export function refuseHostNetwork({ kind }: ChaosObject, record: ChaosRecord, pod: Fields): void {
  if (fieldsOf(pod.spec).hostNetwork !== true) return
  throw new Error(`pod ${record.id} uses the host network: ${kind} on it would hit its whole node`)
}
