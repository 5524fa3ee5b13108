/** The answer of a rule, and several answers as one. */
import type { Expectation } from '../../domain/rehearsal.ts'
import type { Finding } from '../../domain/verdict.ts'
import type { Seen } from '../seen/seen.ts'

/** What a rule answers: its part of the judgment, and what it found. */
export type Ruled<T> = { readonly result: T; readonly findings: readonly Finding[] }

export const allRuled = <T>(ruled: readonly Ruled<T>[]): Ruled<readonly T[]> => ({
  result: ruled.map((each) => each.result),
  findings: ruled.flatMap((each) => each.findings),
})

type Expected<K extends Expectation['kind']> = Extract<Expectation, { kind: K }>

export function expectationsOf<K extends Expectation['kind']>(seen: Seen, kind: K): readonly Expected<K>[] {
  const { expectations } = seen.run.head.rehearsal
  return expectations.filter((each): each is Expected<K> => each.kind === kind)
}
