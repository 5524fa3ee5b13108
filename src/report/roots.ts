/** Findings for people: each root finding with those that follow from it. JSON keeps all of them in one list. */
import type { Finding } from '../domain/verdict.ts'
import { counted } from './words.ts'

export type Root = { readonly finding: Finding; readonly consequences: readonly Finding[] }

export const rootsOf = (findings: readonly Finding[]): readonly Root[] =>
  findings
    .filter(({ follows }) => follows === undefined)
    .map((finding) => ({
      finding,
      consequences: findings.filter(
        ({ follows }) => follows?.cause === finding.cause && follows.subject === finding.subject,
      ),
    }))

/** `11 findings follow from it: no-evidence (5), action-not-done (4), fault-unproven (2)`. */
export function consequenceWords(consequences: readonly Finding[]): string {
  const byCause = [...Map.groupBy(consequences, ({ cause }) => cause)].sort((a, b) => b[1].length - a[1].length)
  const causes = byCause.map(([cause, all]) => (all.length === 1 ? cause : `${cause} (${all.length})`))
  const verb = consequences.length === 1 ? 'follows' : 'follow'
  return `${counted(consequences.length, 'finding')} ${verb} from it: ${causes.join(', ')}`
}
