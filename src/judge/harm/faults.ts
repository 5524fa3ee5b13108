/** A fault counts only when it was injected, an independent witness saw it bite, and it was seen to be gone again. */
import type { FaultSpec, Witness } from '../../domain/rehearsal.ts'
import { instant, ratio } from '../../domain/units.ts'
import type { FaultResult, Finding } from '../../domain/verdict.ts'
import { witnessId } from '../counters/wanted-counters.ts'
import { judgeFailover } from '../reactions/failover.ts'
import { judgeRecovery } from '../reactions/recovery.ts'
import type { Ruled, Seen } from '../seen.ts'
import { finding } from '../verdict/findings.ts'
import { count, duration, listed, percent } from '../verdict/words.ts'
import type { FaultLife } from './fault-lives.ts'
import { type HarmTimes, returnedAfter, type Testimony, testify } from './witness.ts'

export function judgeFaults(seen: Seen): Ruled<readonly FaultResult[]> {
  const ruled = seen.run.head.rehearsal.faults.map((fault) => judgeFault(seen, fault))
  return { result: ruled.map((each) => each.result), findings: ruled.flatMap((each) => each.findings) }
}

function judgeFault(seen: Seen, fault: FaultSpec): Ruled<FaultResult> {
  const life = seen.faults.of(fault.name)
  if (!life?.injected || life.injected.pods.length === 0) return notInjected(seen, fault, life)
  const endAt = Math.max(life.injected.at, life.healRequested?.at ?? life.healed?.at ?? seen.run.seenUntil)
  const createdAt = Math.min(life.created?.at ?? life.injected.at, life.injected.at)
  const times = { createdAt, injectedAt: life.injected.at, endAt }
  const testimony = testimonyOf(seen, fault, times)
  const expected = testimony.proven ? judgeExpectations(seen, fault, life, times) : nothingExpected
  const result: FaultResult = {
    ...base(fault, life),
    state: testimony.proven ? 'proven' : 'unproven',
    ...(testimony.witnessedAt === undefined ? {} : { witnessedAt: instant(testimony.witnessedAt) }),
    witness: {
      ...measureOf(fault.witness),
      ...(testimony.before === undefined ? {} : { before: testimony.before }),
      ...(testimony.during === undefined ? {} : { during: testimony.during }),
      sentence: testimony.sentence,
    },
    ...expected.result,
  }
  const findings = [
    ...unproven(fault, life, testimony),
    ...afterwards(seen, fault, life, testimony),
    ...escaped(fault, life),
  ]
  return { result, findings: [...findings, ...expected.findings] }
}

/** What was measured, and where, in two words. */
function measureOf(witness: Witness): { readonly metric: string; readonly of: string } {
  if (witness.kind === 'rate') return { metric: witness.metric, of: witness.of }
  const { what, app, zone } = witness
  return { metric: `Ready ${what}`, of: [app, zone].filter(Boolean).join(' in ') || 'the cluster' }
}

function testimonyOf(seen: Seen, { name, witness }: FaultSpec, times: HarmTimes): Testimony {
  if (witness.kind === 'rate') return testify(witness, seen.counters.track(witnessId(name)), times)
  return { proven: false, sentence: 'a witness of readiness is not judged yet.', lines: [] }
}

type Expected = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions' | 'costs'>
const nothingExpected: Ruled<Expected> = {
  result: { failovers: [], recoveries: [], reactions: [], costs: [] },
  findings: [],
}

/** Only a fault that bit can show how the platform takes it. */
function judgeExpectations(seen: Seen, fault: FaultSpec, life: FaultLife, times: HarmTimes): Ruled<Expected> {
  const failovers = fault.expect.flatMap((each) =>
    each.kind === 'failover' ? [judgeFailover(seen, fault.name, each, times)] : [],
  )
  const recoveries = fault.expect.flatMap((each) =>
    each.kind === 'recovers' ? [judgeRecovery(seen, fault.name, each, life.healed?.at)] : [],
  )
  return {
    result: {
      failovers: failovers.map((each) => each.result),
      recoveries: recoveries.map((each) => each.result),
      reactions: [],
      costs: [],
    },
    findings: [...failovers, ...recoveries].flatMap((each) => each.findings),
  }
}

function base(fault: FaultSpec, life: FaultLife | undefined) {
  return {
    fault: fault.name,
    ...(life?.injected ? { injectedAt: instant(life.injected.at) } : {}),
    ...(life?.healed ? { healedAt: instant(life.healed.at) } : {}),
    pods: life?.injected?.pods ?? [],
    ...(life?.coverage ? { coverage: ratio(life.coverage.share) } : {}),
  }
}

function notInjected(seen: Seen, fault: FaultSpec, life: FaultLife | undefined): Ruled<FaultResult> {
  const state = life === undefined ? 'not-reached' : life.problem?.is === 'refused' ? 'refused' : 'not-injected'
  const sentence = sentenceNotInjected(fault, life)
  const witness = { ...measureOf(fault.witness), sentence }
  const result = { ...base(fault, life), state, witness, ...nothingExpected.result } as const
  const lines = life?.lines ?? [...seen.run.loadLines, seen.run.headLine]
  return { result, findings: [finding('gap', 'fault-unproven', fault.name, sentence, lines)] }
}

function sentenceNotInjected({ name }: FaultSpec, life: FaultLife | undefined): string {
  if (life === undefined) return `${name} was never begun.`
  if (life.problem)
    return `${name} was ${life.problem.is === 'refused' ? 'refused' : 'not injected'}: ${life.problem.text}`
  if (life.injected) return `${name} was injected into no pod: its selector matches nothing.`
  return `${name} was never seen injected.`
}

function unproven({ name }: FaultSpec, life: FaultLife, testimony: Testimony): readonly Finding[] {
  if (testimony.proven) return []
  const sentence = `${name} was injected into ${count(life.injected?.pods.length ?? 0, 'pod')} but not seen to bite: ${testimony.sentence}`
  return [finding('gap', 'fault-unproven', name, sentence, [...life.lines, ...testimony.lines])]
}

/** Healed, and the witness back to normal: while the load runs, silence after healing puts the fault itself in doubt. */
function afterwards(seen: Seen, fault: FaultSpec, life: FaultLife, testimony: Testimony): readonly Finding[] {
  const say = (sentence: string) => [
    finding('gap', 'fault-not-recovered', fault.name, sentence, [...life.lines, ...testimony.lines]),
  ]
  if (life.problem?.is === 'heal-failed') return say(`${fault.name} could not be healed: ${life.problem.text}`)
  if (!life.healed) return say(`${fault.name} was never seen healed.`)
  if (!testimony.proven || seen.run.load !== 'completed') return []
  const track = seen.counters.track(witnessId(fault.name))
  const untilAt = seen.run.seenUntil
  if (fault.witness.kind !== 'rate' || returnedAfter(fault.witness, track, life.healed.at, untilAt)) return []
  const waited = duration(Math.max(0, untilAt - life.healed.at))
  const { metric, of } = measureOf(fault.witness)
  return say(`${metric} of ${of} did not come back in the ${waited} of load after healing.`)
}

function escaped({ name }: FaultSpec, { coverage }: FaultLife): readonly Finding[] {
  if (!coverage || coverage.share >= 1) return []
  const who = coverage.escaped.length === 0 ? '' : `: ${listed(coverage.escaped)} escaped`
  const sentence = `${name} covered ${percent(coverage.share)} of the pods that match${who}.`
  return [finding('warning', 'fault-escaped', name, sentence, [coverage.line])]
}
