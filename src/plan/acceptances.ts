/** The findings that the target file accepts, as a plan shows them on the day on which it is made. */
import { type Acceptance, daysLeft } from '../domain/acceptance.ts'

export type DescribedAcceptances = {
  /** Those that hold: `autoscaler-late about checkout, until 2026-12-31 (Ana): the pool is resized in January`. */
  readonly holding: readonly string[]
  /** One for each that has expired. */
  readonly warnings: readonly string[]
}

/** `at`: milliseconds since 1970. A run that begins on a later day may find others expired. */
export function describeAcceptances(acceptances: readonly Acceptance[], at: number): DescribedAcceptances {
  const holds = ({ until }: Acceptance) => daysLeft(until, at) >= 0
  return {
    holding: acceptances
      .filter(holds)
      .map(({ until, owner, reason, ...which }) => `${about(which)}, until ${until} (${owner}): ${reason}`),
    warnings: acceptances
      .filter((acceptance) => !holds(acceptance))
      .map(
        ({ until, owner, at: { file, line }, ...which }) =>
          `${about(which)} was accepted by ${owner} until ${until}. That has expired: the finding fails the run again. Remove it from ${file}:${line}, or let ${owner} accept it again.`,
      ),
  }
}

const about = ({ cause, about: subject }: Pick<Acceptance, 'cause' | 'about'>): string =>
  subject === undefined ? cause : `${cause} about ${subject}`
