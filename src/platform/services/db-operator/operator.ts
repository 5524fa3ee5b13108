/** One round of the operator after another: look, decide, write, label. Another operator may do the same beside it. */
import type { Log } from '../../shared/log.ts'
import { isElsewhere, type RoleRecord } from '../../shared/role-record.ts'
import type { DatabaseCluster, DatabasePod } from './cluster.ts'
import { decide, type Member, writes } from './decide.ts'
import { roleOf } from './labels.ts'
import { createMemory } from './memory.ts'

export type Observation = { readonly record: RoleRecord | undefined; readonly members: readonly Member[] }

export type Operator = {
  /** False while nobody is seen to write, nobody is named, or something was just changed. */
  round(): Promise<boolean>
  observed(): Observation
  readonly promotions: () => number
}

export function createOperator(cluster: DatabaseCluster, fencing: boolean, log: Log): Operator {
  const memory = createMemory(performance.now())
  let observation: Observation = { record: undefined, members: [] }
  let promotions = 0
  let oddWish = ''

  async function round(): Promise<boolean> {
    const [pods, { record, version }] = await Promise.all([cluster.pods(), cluster.record()])
    const answers = await Promise.all(pods.map(async (pod) => ({ pod: pod.name, status: await cluster.ask(pod) })))
    const { members, fencedMs } = memory.take(record, answers, performance.now())
    observation = { record, members }
    noteWish(record, members)
    const decision = decide({ record, members, fencedMs, fencing })
    if (decision !== undefined && (await cluster.write(decision.record, version))) {
      for (const pod of pods) void cluster.nudge(pod)
      take(record, decision.record, decision.why)
    }
    const current = decision?.record ?? record
    if (current !== undefined) await label(pods, members, current)
    const isSettled = decision === undefined && current?.leader !== ''
    return isSettled && members.some(({ status }) => status !== undefined && writes(status))
  }

  function take(before: RoleRecord | undefined, after: RoleRecord, why: string): void {
    const { leader, primary, epoch, sync, safe } = after
    log.info('decided', { why, leader, primary, epoch, sync, safe })
    if (before === undefined || before.epoch === epoch) return
    if (leader !== (before.leader || before.former)) promotions += 1
  }

  async function label(pods: readonly DatabasePod[], members: readonly Member[], record: RoleRecord): Promise<void> {
    for (const [position, pod] of pods.entries()) {
      const member = members[position]
      const role = member && roleOf(member, record, pod.role)
      if (member && role !== pod.role) await cluster.label(pod.name, role)
    }
  }

  /** A wish that can't be fulfilled is said once, and stays a wish. */
  function noteWish(record: RoleRecord | undefined, members: readonly Member[]): void {
    const isOpen = record !== undefined && record.leader !== '' && !isElsewhere(record)
    const wish = isOpen && record.primary !== record.leader ? record.primary : ''
    const wanted = members.find((member) => member.pod === wish)
    if (wish !== oddWish && wish !== '' && wish !== record?.safe)
      log.warn('the wanted primary can not take over yet', { wanted: wish, known: wanted !== undefined })
    oddWish = wish
  }

  return { round, observed: () => observation, promotions: () => promotions }
}
