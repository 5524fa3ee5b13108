/**
 * Findings that the target file accepts. The date of the run decides whether an acceptance holds, so a stored run is judged the same years later. Only
 * what was seen can be accepted: a gap stays a gap. Causes that nobody can accept are refused when the file is read, and again here, because a journal
 * may come from another version.
 */
import { type Acceptance, daysLeft, unacceptable } from '../../domain/acceptance.ts'
import type { AcceptedBy, Finding } from '../../domain/verdict.ts'
import { compare, finding } from './findings.ts'
import { count, listed } from './words.ts'

/** Within this many days of its end, an acceptance says so. Two weeks: a sprint to mend it or to decide again. */
const SOON_DAYS = 14

/** `at`: when the run began. `complete`: it came to its planned end, so what it did not show was not there. */
export type Accepting = {
  readonly acceptances: readonly Acceptance[]
  readonly at: number
  readonly complete: boolean
}

export function withAccepted(findings: readonly Finding[], accepting: Accepting): readonly Finding[] {
  const { acceptances, at, complete } = accepting
  if (acceptances.length === 0) return findings
  const told = findings.map((each) => accepted(each, acceptances, at))
  const isWhole = complete && findings.every(({ weight }) => weight !== 'gap')
  return isWhole ? [...told, ...unused(findings, acceptances)] : told
}

/** The acceptance that holds longest decides. Dates in this form sort as texts. */
function accepted(each: Finding, acceptances: readonly Acceptance[], at: number): Finding {
  const [best] = acceptances.filter((acceptance) => covers(acceptance, each)).sort((a, b) => compare(b.until, a.until))
  if (best === undefined) return each
  if (each.weight === 'gap')
    return {
      ...each,
      sentence: `${each.sentence} (It is accepted in the target file, but missing evidence cannot be.)`,
    }
  const { owner, reason, until } = best
  const acceptance = { owner, reason, until, daysLeft: daysLeft(until, at) }
  return acceptance.daysLeft < 0 ? expired(each, acceptance) : holding(each, acceptance)
}

function holding(each: Finding, acceptance: AcceptedBy): Finding {
  const { owner, reason, until, daysLeft: left } = acceptance
  const ends = left === 0 ? 'on this day' : `in ${count(left, 'day')}`
  const soon = left <= SOON_DAYS ? ` This ends ${ends}; then it fails the run again.` : ''
  const sentence = `${each.sentence} Accepted by ${owner} until ${until}: ${reason.replace(/\.$/, '')}.${soon}`
  return { ...each, weight: 'accepted', acceptance, sentence }
}

function expired(each: Finding, acceptance: AcceptedBy): Finding {
  const { owner, until, daysLeft: left } = acceptance
  const ago = `${count(-left, 'day')} before this run`
  return {
    ...each,
    acceptance,
    sentence: `${each.sentence} (${owner} had accepted it until ${until}; that expired ${ago}.)`,
    next: `${each.next} Or let ${owner} accept it again in the target file, with a new date.`,
  }
}

function covers({ cause, about, until }: Acceptance, each: Finding): boolean {
  if (cause !== each.cause || unacceptable(each.cause) !== undefined || Number.isNaN(daysLeft(until, 0))) return false
  return (
    about === undefined ||
    each.subject === about ||
    [`${about}: `, `${about}/`].some((begin) => each.subject.startsWith(begin))
  )
}

/** One warning for all: a target serves many rehearsals, and each shows only some of its findings. */
function unused(findings: readonly Finding[], acceptances: readonly Acceptance[]): readonly Finding[] {
  const idle = acceptances.filter((acceptance) => !findings.some((each) => covers(acceptance, each)))
  if (idle.length === 0) return []
  const names = idle.map(
    ({ cause, about, owner, at }) =>
      `${cause}${about === undefined ? '' : ` about ${about}`} (${owner}, line ${at.line})`,
  )
  const file = idle[0]?.at.file ?? 'the target file'
  const sentence = `${count(idle.length, 'accepted finding')} of ${file} matched nothing in this run: ${listed(names)}.`
  return [finding('warning', 'acceptance-unused', 'accepted findings', sentence, [1])]
}
