/** Short ways to a judgment, and to ask it: which causes it found, of which weight, about what. */
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import type { Finding, Judgment } from '../../src/domain/verdict.ts'
import { evidence, rehearsal, type Story, toBad, together } from './evidence.ts'
import { judge } from './reviewed.ts'

/** Judges the stock run, told otherwise. */
export const told = (changes: Partial<Story> = {}): Judgment => judge(evidence(changes))

/** Judges the stock run with more that the cluster showed. */
export const shown = (more: readonly Evidence[], changes: Partial<Story> = {}): Judgment =>
  judge(together(evidence(changes), more))

export const withRehearsal = (changes: Partial<Rehearsal>): Rehearsal => ({ ...rehearsal, ...changes })

/** Two logins that went wrong in each of these seconds. */
export const badAt =
  (...on: readonly number[]): Story['load'] =>
  (second, load) =>
    on.includes(second) && toBad(load.login, 2, 'http-502')

export const causesOf = (judgment: Judgment, weight?: Finding['weight']): string[] =>
  judgment.findings.filter((each) => weight === undefined || each.weight === weight).map((each) => each.cause)

export const sentenceOf = (judgment: Judgment, cause: string): string | undefined =>
  judgment.findings.find((each) => each.cause === cause)?.sentence
