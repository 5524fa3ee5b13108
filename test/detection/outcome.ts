/**
 * The detection matrix: what each seeded defect should be called, and what it was called. Pure, so that the rules of "caught" and of "false
 * alarm" are tested without a lab.
 */

import { type Cause, causes } from '../../src/domain/causes.ts'
import type { Some } from '../../src/domain/units.ts'
import type { Finding, Judgment } from '../../src/domain/verdict.ts'
import type { Footprint } from './footprint.ts'
import type { Meanwhile } from './meanwhile.ts'

export type Seeded = {
  /** Name of the row. */
  readonly defect: string
  /** What is wrong, in words of the trap that it stands for. */
  readonly trap: string
  readonly rehearsal: string
  /** What the platform is otherwise, below the defect: kustomize components. */
  readonly platform: readonly string[]
  /** Such a platform has a target file of its own, and does not come back from its run, so that each run has a lab of its own. */
  readonly target?: string
  /** The defect counts as caught under any one of these. */
  readonly causes: Some<Cause>
  /** Causes that follow from the defect. Any other cause is a false one. */
  readonly also?: readonly Cause[]
  /** The finding must be about this workload. */
  readonly about?: string
  /** The finding is a warning, which fails no run. */
  readonly warns?: boolean
  /** Rows of one rehearsal with the same word are seeded together and share a run. */
  readonly together?: string
  /** The defect is nothing in the manifests, but something that happens to the cluster. */
  readonly meanwhile?: Meanwhile
  /** It is both. */
  readonly component?: true
}

/** The platform is well. A variation of it is a component in `test/canary/healthy`, or something that happens beside it. */
export type Healthy = {
  readonly name: string
  readonly rehearsal: string
  readonly platform: readonly string[]
  readonly target?: string
  readonly meanwhile?: Meanwhile
}

type Told = Pick<Finding, 'cause' | 'subject' | 'weight'>

/** What one run showed about one row. */
export type Trial = {
  readonly rehearsal: string
  /** Undefined: the healthy platform. */
  readonly seeded?: Seeded
  readonly run: string
  readonly verdict: Judgment['verdict']['kind'] | 'no verdict'
  readonly exitCode: number | null
  /** Causes of breaches and gaps, in the judge's order, without those that are folded under another one. */
  readonly found: readonly string[]
  /** The same and the warnings, with their subjects. Absent in older measurements. */
  readonly told?: readonly Told[]
  /** Of the lab, some moments after the run. */
  readonly footprint?: Footprint
  /** Of the code that ran it and, where that is not the same, of the judge that read its evidence again later. */
  readonly commit?: string
  readonly judgedAgainAt?: string
  /** Day of the run. */
  readonly date?: string
  readonly cores?: number
  readonly seconds?: number
}

export type Ruling = 'caught' | 'missed' | 'unnamed' | 'false cause' | 'healthy' | 'false alarm' | 'inconclusive'

/** Causes that tell of the run or of the machine and name nothing about the platform. */
const ABOUT_THE_RUN: ReadonlySet<string> = new Set([
  'generator-starved',
  'slo-unproven',
  'no-evidence',
  'posture-unread',
  'evidence-lost',
  'ledger-unproven',
  'run-stopped',
  'run-incomplete',
])
/** What players feel of any defect. */
const EFFECTS: ReadonlySet<string> = new Set(['slo-missed', 'threshold-missed'])

export function trialOf(
  judgment: Judgment | undefined,
  exitCode: number | null,
  rest: Pick<Trial, 'rehearsal' | 'seeded' | 'run'>,
): Trial {
  const roots = judgment?.findings.filter(({ follows }) => follows === undefined) ?? []
  const told = roots.map(({ cause, subject, weight }) => ({ cause, subject, weight }))
  return {
    ...rest,
    exitCode,
    verdict: judgment?.verdict.kind ?? 'no verdict',
    found: [...new Set(told.filter(({ weight }) => weight !== 'warning').map(({ cause }) => cause))],
    told,
  }
}

/**
 * A defect is caught when one of its causes is found, about its workload, and no other cause beside those that follow from it (`false cause`). It is
 * `unnamed` when the run does not pass and none of its causes is found. The healthy platform raises a false alarm when a run fails or names any
 * cause about the platform; a run that proved nothing is counted apart.
 */
export function rule(trial: Trial): Ruling {
  const { seeded, verdict, found } = trial
  if (seeded !== undefined) return ruleDefect(seeded, trial)
  if (verdict === 'pass') return 'healthy'
  // On a starved machine the judge turns breaches of time into gaps, so the run proves nothing here either.
  if (verdict === 'inconclusive' && found.includes('generator-starved')) return 'inconclusive'
  const named = found.some((cause) => !ABOUT_THE_RUN.has(cause))
  return verdict === 'fail' || named ? 'false alarm' : 'inconclusive'
}

function ruleDefect(seeded: Seeded, { verdict, found, told }: Trial): Ruling {
  if (verdict === 'no verdict') return 'missed'
  const all =
    told ?? found.flatMap((cause) => (isCause(cause) ? [{ cause, subject: '', weight: 'breach' as const }] : []))
  const isOwn = (each: Told): boolean =>
    seeded.causes.includes(each.cause) &&
    (told === undefined || isAbout(each.subject, seeded.about)) &&
    (seeded.warns === true || each.weight !== 'warning')
  if (!all.some(isOwn)) return verdict === 'pass' ? 'missed' : 'unnamed'
  const expected: ReadonlySet<string> = new Set([
    ...seeded.causes,
    ...(seeded.also ?? []),
    ...ABOUT_THE_RUN,
    ...EFFECTS,
  ])
  return all.some(({ cause, weight }) => weight !== 'warning' && !expected.has(cause)) ? 'false cause' : 'caught'
}

const isCause = (name: string): name is Cause => Object.hasOwn(causes, name)

/** A posture finding is about `namespace/workload`, one of memory about `memory of POD`. */
const isAbout = (subject: string, workload: string | undefined): boolean =>
  workload === undefined || subject.split(/[\s/]/).some((word) => word === workload || word.startsWith(`${workload}-`))

export const isRight = (trial: Trial): boolean => ['caught', 'healthy', 'inconclusive'].includes(rule(trial))
