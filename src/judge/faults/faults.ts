/** A fault counts only when it was injected, an independent witness saw it bite, and it was seen to be gone again. */

import type { Cause } from '../../domain/causes.ts'
import { type FaultSpec, scrapeMsOf, type Witness } from '../../domain/rehearsal.ts'
import { showMeasuredPercent, showSeries } from '../../domain/show.ts'
import { instant, ratio } from '../../domain/units.ts'
import type { FaultResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, type Ruled } from '../findings/ruled.ts'
import { count, duration, listed } from '../findings/words.ts'
import { faultHarm, type Harm, type HarmTimes } from '../harm/harm.ts'
import { type Answers, answersTo, noAnswers } from '../reactions/reactions.ts'
import type { FaultLife } from '../seen/fault-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { witnessId } from '../seen/wanted-counters.ts'
import { notReadyAgain, testifyReady } from './ready-witness.ts'
import { missedSentence, missedTrigger } from './trigger.ts'
import { returnedAfter, type Testimony, testify } from './witness.ts'

export function judgeFaults(seen: Seen): Ruled<readonly FaultResult[]> {
  return allRuled(seen.run.head.rehearsal.faults.map((fault) => judgeFault(seen, fault)))
}

function judgeFault(seen: Seen, fault: FaultSpec): Ruled<FaultResult> {
  const life = seen.faults.of(fault.name)
  const harm = faultHarm(seen, fault)
  if (!life || !harm) return notInjected(seen, fault, life)
  const testimony = testimonyOf(seen, fault, harm)
  // Only a fault that bit can show how the platform takes it.
  const answers = testimony.proven ? answersTo(seen, harm, fault.expect) : noAnswers
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
    ...answers.result,
  }
  const findings = [
    ...unproven(fault, life, testimony),
    ...afterwards(seen, fault, life, harm, testimony),
    ...escaped(fault, life),
  ]
  return { result, findings: [...findings, ...answers.findings] }
}

/** What was measured, and where, in two words. */
function measureOf(witness: Witness): { readonly metric: string; readonly of: string } {
  if (witness.kind === 'rate') return { metric: witness.metric, of: witness.of }
  const { what, app, zone } = witness
  return { metric: `Ready ${what}`, of: [app, zone].filter(Boolean).join(' in ') || 'the cluster' }
}

export function testimonyOf(seen: Seen, { name, witness }: FaultSpec, times: HarmTimes): Testimony {
  if (witness.kind === 'rate')
    return testify(witness, seen.counters.track(witnessId(name)), times, scrapeMsOf(seen.run.head.target, witness.of))
  return testifyReady(seen, witness, times)
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
  const state = stateNotInjected(life)
  const stopped = state === 'not-reached' && seen.run.stop !== undefined
  const sentence = sentenceNotInjected(fault, life, stopped)
  const witness = { ...measureOf(fault.witness), sentence }
  const nothing: Answers = noAnswers.result
  const result = { ...base(fault, life), state, witness, ...nothing } as const
  const lines = life?.lines ?? [...seen.run.loadLines, seen.run.headLine]
  const cause = causeNotInjected(state, life)
  const found = finding('gap', cause, fault.name, sentence, lines)
  return { result, findings: [stopped ? { ...found, next: NEXT_WHEN_STOPPED } : found] }
}

function causeNotInjected(state: FaultResult['state'], life: FaultLife | undefined): Cause {
  if (state !== 'not-performed') return 'fault-unproven'
  return missedTrigger(life) === undefined ? 'fault-not-performed' : 'trigger-missed'
}

function stateNotInjected(life: FaultLife | undefined): 'not-reached' | 'not-performed' | 'refused' | 'not-injected' {
  if (life?.gate !== undefined && life.gate.answer !== 'go') return 'not-performed'
  if (missedTrigger(life) !== undefined) return 'not-performed'
  // A gate that was open, or a trigger that was armed, when the run ended is no step of the fault.
  if (life === undefined || neverBegun(life)) return 'not-reached'
  return life.problem?.is === 'refused' ? 'refused' : 'not-injected'
}

const neverBegun = ({ admitted, problem, injected, created }: FaultLife): boolean =>
  [admitted, problem, injected, created].every((each) => each === undefined)

const NEXT_WHEN_STOPPED = 'Fix what stopped the run, then run it again.'

function sentenceNotInjected({ name, when }: FaultSpec, life: FaultLife | undefined, stopped: boolean): string {
  if (life?.gate?.answer === 'no-go') return `${name} was not performed: ${life.gate.who ?? 'somebody'} decided no-go.`
  if (life?.gate?.answer === 'none') return `${name} was not performed: nobody answered at its gate in time.`
  const missed = missedTrigger(life)
  if (missed !== undefined) return missedSentence(name, when, missed)
  if (life === undefined || neverBegun(life))
    return stopped ? `${name} never began: the run was stopped before.` : `${name} never began.`
  if (life.problem)
    return `${name} was ${life.problem.is === 'refused' ? 'refused' : 'not injected'}: ${life.problem.text}`
  if (life.injected) return `${name} was injected into no pod: its selector matches nothing.`
  return `${name} was never seen injected.`
}

function unproven({ name }: FaultSpec, life: FaultLife, testimony: Testimony): readonly Finding[] {
  if (testimony.proven) return []
  const sentence = `${name} was injected into ${count(life.injected?.pods.length ?? 0, 'pod')} but not seen to take effect: ${testimony.sentence}`
  return [finding('gap', 'fault-unproven', name, sentence, [...life.lines, ...testimony.lines])]
}

/** Healed, and the witness back to normal: while the load runs, silence after healing puts the fault itself in doubt. */
function afterwards(
  seen: Seen,
  fault: FaultSpec,
  life: FaultLife,
  harm: Harm,
  testimony: Testimony,
): readonly Finding[] {
  const say = (sentence: string) => [
    finding('gap', 'fault-not-recovered', fault.name, sentence, [...life.lines, ...testimony.lines]),
  ]
  if (life.problem?.is === 'heal-failed') return say(`${fault.name} could not be healed: ${life.problem.text}`)
  if (!life.healed) return say(`${fault.name} was never seen healed.`)
  if (!testimony.proven || seen.run.load !== 'completed') return []
  const still = notAsBefore(seen, fault, harm, life.healed.at)
  return still === undefined ? [] : say(still)
}

/** What is not back to normal although the fault is healed. */
function notAsBefore(seen: Seen, { name, witness }: FaultSpec, harm: Harm, healedAt: number): string | undefined {
  if (witness.kind === 'ready') return notReadyAgain(seen, witness, harm, healedAt)
  const untilAt = seen.run.seenUntil
  if (returnedAfter(witness, seen.counters.track(witnessId(name)), healedAt, untilAt)) return undefined
  const did = witness.direction === 'rises' ? 'come down again' : 'come back'
  return `${showSeries(witness.metric, witness.where)} of ${witness.of} did not ${did} in the ${duration(Math.max(0, untilAt - healedAt))} of load after healing.`
}

function escaped({ name }: FaultSpec, { coverage }: FaultLife): readonly Finding[] {
  if (!coverage || coverage.share >= 1) return []
  const who = coverage.escaped.length === 0 ? '' : `: ${listed(coverage.escaped)} escaped`
  const sentence = `${name} covered ${showMeasuredPercent(coverage.share)} of the pods that match${who}.`
  return [finding('warning', 'fault-escaped', name, sentence, [coverage.line])]
}
