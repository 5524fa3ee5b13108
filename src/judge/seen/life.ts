/** What the lives of faults and actions have in common: they are refused or fail, and what they did is taken back. */
import type { TriggerStep } from '../../domain/evidence.ts'

export type Moment = { readonly at: number; readonly line: number }

/** What happened to its trigger: the last that is known. */
export type TriggerLife = Moment & { readonly is: TriggerStep['is']; readonly note: string }

export type Life = {
  readonly lines: readonly number[]
  readonly trigger?: TriggerLife
  readonly admitted?: Moment
  readonly healRequested?: Moment
  readonly healed?: Moment
  readonly problem?: Moment & { readonly is: 'refused' | 'failed' | 'heal-failed'; readonly text: string }
}

type CommonStep =
  | TriggerStep
  | { readonly is: 'admitted' | 'heal-requested' | 'healed' }
  | { readonly is: 'refused' | 'failed' | 'heal-failed'; readonly problem: string }

/** The first of each step counts. */
export function livedInCommon<L extends Life>(life: L, step: CommonStep, moment: Moment): L {
  switch (step.is) {
    case 'armed':
    case 'triggered':
    case 'trigger-missed':
      return { ...life, trigger: { ...moment, is: step.is, note: step.note } }
    case 'admitted':
      return { ...life, admitted: life.admitted ?? moment }
    case 'heal-requested':
      return { ...life, healRequested: life.healRequested ?? moment }
    case 'healed':
      return { ...life, healed: life.healed ?? moment }
    case 'refused':
    case 'failed':
    case 'heal-failed':
      return { ...life, problem: life.problem ?? { ...moment, is: step.is, text: step.problem } }
  }
}

/** Lines kept of one life. */
const LINES_KEPT = 20

export type Lives<L, S> = {
  add(name: string, step: S, moment: Moment): void
  of(name: string): L | undefined
}

export function createLives<L extends Life, S>(born: L, lived: (life: L, step: S, moment: Moment) => L): Lives<L, S> {
  const lives = new Map<string, L>()
  return {
    add(name, step, moment) {
      const life = lives.get(name) ?? born
      lives.set(name, { ...lived(life, step, moment), lines: [...life.lines, moment.line].slice(0, LINES_KEPT) })
    },
    of: (name) => lives.get(name),
  }
}
