/** Fold over the steps of each fault. */
import type { EvidenceOf, FaultStepData } from '../../domain/evidence.ts'

type Moment = { readonly at: number; readonly line: number }

export type FaultLife = {
  readonly lines: readonly number[]
  readonly admitted?: Moment
  readonly created?: Moment
  readonly injected?: Moment & { readonly pods: readonly string[] }
  readonly healRequested?: Moment
  readonly healed?: Moment
  readonly problem?: Moment & { readonly is: 'refused' | 'failed' | 'heal-failed'; readonly text: string }
  /** Lowest share of matching pods that were covered, and all that escaped. */
  readonly coverage?: { readonly share: number; readonly escaped: readonly string[]; readonly line: number }
}

export type FaultLives = {
  add(record: EvidenceOf<'fault-step'>, line: number): void
  of(fault: string): FaultLife | undefined
}

export function faultLives(): FaultLives {
  const lives = new Map<string, FaultLife>()
  return {
    add({ fault, at, step }, line) {
      const life = lives.get(fault) ?? { lines: [] }
      lives.set(fault, { ...lived(life, step, { at, line }), lines: [...life.lines, line].slice(0, 20) })
    },
    of: (fault) => lives.get(fault),
  }
}

/** First of each step counts: a fault that covers newcomers is injected once more without beginning anew. */
function lived(life: FaultLife, step: FaultStepData, moment: Moment): FaultLife {
  switch (step.is) {
    case 'admitted':
      return { ...life, admitted: life.admitted ?? moment }
    case 'created':
      return { ...life, created: life.created ?? moment }
    case 'injected': {
      const pods = [...new Set([...(life.injected?.pods ?? []), ...step.pods])].sort()
      return { ...life, injected: { ...(life.injected ?? moment), pods } }
    }
    case 'heal-requested':
      return { ...life, healRequested: life.healRequested ?? moment }
    case 'healed':
      return { ...life, healed: life.healed ?? moment }
    case 'refused':
    case 'failed':
    case 'heal-failed':
      return { ...life, problem: life.problem ?? { ...moment, is: step.is, text: step.problem } }
    case 'coverage': {
      const share = step.matching === 0 ? 1 : Math.min(1, step.covered / step.matching)
      const escaped = [...new Set([...(life.coverage?.escaped ?? []), ...step.escaped])].sort()
      const lowest = Math.min(life.coverage?.share ?? 1, share)
      return { ...life, coverage: { share: lowest, escaped, line: moment.line } }
    }
  }
}
