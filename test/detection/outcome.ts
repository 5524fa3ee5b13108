/**
 * The detection matrix: what each seeded defect should be called, and what it was called. Pure, so that the rules of "caught" and of "false
 * alarm" are tested without a lab.
 */

import type { Some } from '../../src/domain/units.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import type { Footprint } from './footprint.ts'

/** A defect is a kustomize component; `causes` are those under any one of which it counts as caught. */
export type Seeded = {
  readonly defect: string
  /** What is wrong, in words of the trap that it stands for. */
  readonly trap: string
  readonly rehearsal: string
  /** What the platform is otherwise, below the defect. */
  readonly platform: readonly string[]
  readonly causes: Some<string>
}

export type Trial = {
  readonly rehearsal: string
  /** Undefined: the healthy platform. */
  readonly seeded?: Seeded
  readonly run: string
  readonly verdict: Judgment['verdict']['kind'] | 'no verdict'
  readonly exitCode: number | null
  /** Causes of breaches and gaps, in the judge's order. Warnings name no defect. */
  readonly found: readonly string[]
  /** Of the lab, some moments after the run. */
  readonly footprint?: Footprint
  /** Of the code that ran it and, where that is not the same, of the judge that read its evidence again later. */
  readonly commit?: string
  readonly judgedAgainAt?: string
  readonly seconds?: number
}

export type Ruling = 'caught' | 'missed' | 'unnamed' | 'healthy' | 'false alarm' | 'inconclusive'

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

export function trialOf(
  judgment: Judgment | undefined,
  exitCode: number | null,
  rest: Pick<Trial, 'rehearsal' | 'seeded' | 'run'>,
): Trial {
  const told = judgment?.findings.filter(({ weight }) => weight !== 'warning') ?? []
  return {
    ...rest,
    exitCode,
    verdict: judgment?.verdict.kind ?? 'no verdict',
    found: [...new Set(told.map(({ cause }) => cause))],
  }
}

/**
 * A defect is caught when the run does not pass and one of its causes is found, `unnamed` when it does not pass and none is. The
 * healthy platform raises a false alarm when a run fails or names any cause about the platform; a run that proved nothing is counted apart.
 */
export function rule({ seeded, verdict, found }: Trial): Ruling {
  if (seeded !== undefined) {
    if (verdict === 'pass' || verdict === 'no verdict') return 'missed'
    return seeded.causes.some((cause) => found.includes(cause)) ? 'caught' : 'unnamed'
  }
  if (verdict === 'pass') return 'healthy'
  // On a starved machine late is nobody's fault: the judge keeps what it saw as a gap, and so it proves nothing here either.
  if (verdict === 'inconclusive' && found.includes('generator-starved')) return 'inconclusive'
  const named = found.some((cause) => !ABOUT_THE_RUN.has(cause))
  return verdict === 'fail' || named ? 'false alarm' : 'inconclusive'
}

export const isRight = (trial: Trial): boolean => ['caught', 'healthy', 'inconclusive'].includes(rule(trial))
