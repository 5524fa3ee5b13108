/** Fold over the steps of each fault. */
import type { FaultStepData } from '../../domain/evidence.ts'
import type { GateAnswer } from '../../domain/people.ts'
import { createLives, type Life, type Lives, livedInCommon, type Moment } from './life.ts'

export type FaultLife = Life & {
  readonly created?: Moment
  readonly injected?: Moment & { readonly pods: readonly string[] }
  /** Lowest share of matching pods that were covered, and all that escaped. */
  readonly coverage?: { readonly share: number; readonly escaped: readonly string[]; readonly line: number }
  /** How many pods were covered at the last look, and when more of them were than at the look before. */
  readonly covered?: number
  readonly newcomersAt?: readonly number[]
  readonly gate?: Moment & { readonly answer: GateAnswer; readonly who?: string }
}

export type FaultLives = Lives<FaultLife, FaultStepData>

export const faultLives = (): FaultLives => createLives<FaultLife, FaultStepData>({ lines: [] }, lived)

/** The first of each step counts: a fault that covers pods which started during it is injected again, but does not begin again. */
function lived(life: FaultLife, step: FaultStepData, moment: Moment): FaultLife {
  switch (step.is) {
    case 'created':
      return { ...life, created: life.created ?? moment }
    case 'injected': {
      const pods = [...new Set([...(life.injected?.pods ?? []), ...step.pods])].sort()
      return { ...life, injected: { ...(life.injected ?? moment), pods } }
    }
    case 'coverage': {
      const share = step.matching === 0 ? 1 : Math.min(1, step.covered / step.matching)
      const escaped = [...new Set([...(life.coverage?.escaped ?? []), ...step.escaped])].sort()
      const lowest = Math.min(life.coverage?.share ?? 1, share)
      const grew = life.covered !== undefined && step.covered > life.covered
      const newcomersAt = [...(life.newcomersAt ?? []), ...(grew ? [moment.at] : [])]
      const coverage = { share: lowest, escaped, line: moment.line }
      return { ...life, coverage, covered: step.covered, newcomersAt }
    }
    case 'gate-opened':
      return life
    case 'gate-closed': {
      const who = step.who === undefined ? {} : { who: step.who }
      return { ...life, gate: life.gate ?? { ...moment, answer: step.answer, ...who } }
    }
    default:
      return livedInCommon(life, step, moment)
  }
}
