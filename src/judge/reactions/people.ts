/**
 * What people had to do about a harm, by their notes. A note that came late shows that they were late. No note shows nothing: nobody may have reacted, or
 * nobody may have written it down. So silence is a gap with a name of its own, and accuses nobody.
 */
import { type NoteKind, type PeopleReaction, stepKey } from '../../domain/people.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { count, duration } from '../findings/words.ts'
import { type Harm, harmsOf } from '../harm/harm.ts'
import type { Said } from '../seen/said.ts'
import type { Seen } from '../seen/seen.ts'
import { createReactionAnswer } from './answer.ts'

/** `of`: what the finding is about, if not the harm. */
export function judgePeople(seen: Seen, harm: Harm, expected: PeopleReaction, of = harm.name): Ruled<ReactionResult> {
  const { withinMs } = expected
  const answer = createReactionAnswer(harm, expected.kind, subjectOf(expected), withinMs, of)
  const wanted = wantedOf(expected)
  const after = seen.said.all.filter((note) => note.at >= harm.createdAt && isAbout(note, harm))
  const [note] = after.filter((each) => wanted.isIt(each)).sort((a, b) => a.at - b.at || a.line - b.line)
  const allowed = `${duration(withinMs)} were allowed`
  if (note !== undefined) {
    const tookMs = note.at - harm.injectedAt
    const sentence = `${note.by} ${wanted.did} ${duration(Math.max(0, tookMs))} after ${harm.name}; ${allowed}.`
    const told = { sentence, tookMs, lines: [note.line] }
    return tookMs <= withinMs ? answer.held(told) : answer.broken('people-late', told)
  }
  if (seen.run.seenUntil - harm.injectedAt < withinMs)
    return answer.unknown(`The run ended before people had to have ${wanted.done} (${allowed}).`, seen.run.loadLines)
  const others =
    after.length === 0
      ? 'nobody wrote anything'
      : `${count(after.length, 'other note was', 'other notes were')} written`
  const sentence = `No note says that people ${wanted.did} after ${harm.name} (${allowed}; ${others}).`
  return answer.missing('people-silent', { sentence, lines: after.map(({ line }) => line) })
}

/** Findings about no harm in particular. */
const WHOLE = 'people'

/** What the rehearsal as a whole expects of people counts from the first harm. */
export function judgePeopleOfRun(seen: Seen): Ruled<readonly ReactionResult[]> {
  const [first] = harmsOf(seen)
  const expected = expectationsOf(seen, 'human').flatMap(({ reactions }) => reactions)
  return allRuled(expected.map((each) => (first ? judgePeople(seen, first, each, WHOLE) : withoutHarm(seen, each))))
}

function withoutHarm(seen: Seen, expected: PeopleReaction): Ruled<ReactionResult> {
  const subject = subjectOf(expected)
  const sentence = 'No fault and no action took effect, so that people had nothing to react to.'
  return {
    result: { kind: expected.kind, subject, sentence, held: false, withinMs: expected.withinMs },
    findings: [finding('gap', 'no-evidence', `${WHOLE}: ${subject}`, sentence, seen.run.loadLines)],
  }
}

const isAbout = ({ about }: Said, { name }: Harm): boolean => about === undefined || about === name

function subjectOf(expected: PeopleReaction): string {
  switch (expected.kind) {
    case 'declares':
      return 'incident'
    case 'mitigates':
      return 'mitigation'
    case 'ticks':
      return expected.step
  }
}

type Wanted = { readonly did: string; readonly done: string; isIt(note: Said): boolean }

function wantedOf(expected: PeopleReaction): Wanted {
  const ofKind = (is: NoteKind) => (note: Said) => note.is === is
  switch (expected.kind) {
    case 'declares':
      return { did: 'declared an incident', done: 'declared an incident', isIt: ofKind('declared') }
    case 'mitigates':
      return { did: 'mitigated', done: 'mitigated', isIt: ofKind('mitigated') }
    case 'ticks': {
      const key = stepKey(expected.step)
      const isIt = (note: Said) => note.is === 'step' && stepKey(note.text) === key
      return { did: `did "${expected.step}"`, done: `done "${expected.step}"`, isIt }
    }
  }
}
