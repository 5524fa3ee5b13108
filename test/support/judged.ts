/** Short ways to ask a judgment: which causes it found, of which weight, about what. */
import type { Finding, Judgment } from '../../src/domain/verdict.ts'

export const causesOf = (judgment: Judgment, weight?: Finding['weight']): string[] =>
  judgment.findings.filter((each) => weight === undefined || each.weight === weight).map((each) => each.cause)

export const sentenceOf = (judgment: Judgment, cause: string): string | undefined =>
  judgment.findings.find((each) => each.cause === cause)?.sentence
