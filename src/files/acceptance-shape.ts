/** Findings that are accepted in the target file. */
import { type Acceptance, acceptableCauses, unacceptable } from '../domain/acceptance.ts'
import { type Cause, causeNames } from '../domain/causes.ts'
import { didYouMean } from './did-you-mean.ts'
import { may, need, record } from './record.ts'
import type { Report } from './report.ts'
import { list, type Placed, placed, refuse, type Shape, text, whole } from './shape.ts'

const isCause = (value: unknown): value is Cause => causeNames.some((cause) => cause === value)

/** There are too many causes to list them in a message. */
const acceptableCause: Shape<Cause> = {
  schema: { enum: acceptableCauses },
  decode: (node, report) => {
    const wanted = { form: 'the cause of a finding', example: 'autoscaler-late' }
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return refuse(node, report, 'wrong-type', wanted)
    if (!isCause(node.value)) {
      const meant = didYouMean(node.value, acceptableCauses)
      const next =
        meant === undefined ? 'take it from the finding' : `did you mean "${meant}"? Take it from the finding`
      report(
        node.at,
        'unknown-cause',
        `There is no cause "${node.value}".`,
        `${next}; docs/glossary.md lists all causes.`,
      )
      return undefined
    }
    const reason = unacceptable(node.value)
    if (reason === undefined) return whole(node.value)
    report(node.at, 'not-acceptable', `${node.value} cannot be accepted: ${reason}.`, 'mend it, and remove this entry.')
    return undefined
  },
}

const datePattern = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/

/** A day of the calendar, without a time. */
const day: Shape<string> = {
  schema: { type: 'string', pattern: datePattern.source, examples: ['2026-12-31'] },
  decode: (node, report) => {
    const wanted = { form: 'a day, as YYYY-MM-DD', example: '2026-12-31' }
    if (node.kind !== 'scalar' || typeof node.value !== 'string') return refuse(node, report, 'wrong-type', wanted)
    return isDay(node.value) ? whole(node.value) : refuse(node, report, 'wrong-value', wanted)
  },
}

/** The pattern lets February the 30th through; a date that is read back differently does not exist. */
function isDay(written: string): boolean {
  if (!datePattern.test(written)) return false
  const read = new Date(`${written}T00:00:00Z`)
  return !Number.isNaN(read.getTime()) && read.toISOString().startsWith(written)
}

const line = (form: string, example: string, most: number): Shape<string> =>
  text({
    form: `${form} in one line, at most ${most} characters`,
    example,
    pattern: new RegExp(`^\\S([^\\n\\r]{0,${most - 2}}\\S)?$`),
  })

export const acceptedFindings = list(
  placed(
    record({
      cause: need(acceptableCause, 'Cause of the finding, as the report names it.'),
      about: may(
        line('what the finding is about,', 'orders-api', 300),
        'What the finding is about, as the report names it: an autoscaler, a service, an SLI. A fault or a namespace stands for everything of it; if left out, every finding of this cause.',
      ),
      owner: need(line('the person or team that answers for it,', 'team-orders', 100), 'Who accepted it.'),
      reason: need(line('the reason', 'the new autoscaler metric comes with PLAY-412', 500), 'Why it is accepted.'),
      until: need(day, 'Last day on which it is accepted, in UTC. From the next day on the finding fails a run again.'),
    }),
  ),
)

type Written = typeof acceptedFindings extends Shape<readonly Placed<infer T>[]> ? T : never

export const acceptancesOf = (written: readonly Placed<Written>[]): readonly Acceptance[] =>
  written.map(({ at, value: { about, ...rest } }) => ({ ...rest, ...(about === undefined ? {} : { about }), at }))

/** Two acceptances of the same thing would have two ends. */
export function reportRepeated(written: readonly Placed<Written>[], report: Report): void {
  for (const [index, { at, value }] of written.entries()) {
    const first = written.findIndex((each) => each.value.cause === value.cause && each.value.about === value.about)
    if (first === index) continue
    const what = value.about === undefined ? value.cause : `${value.cause} about ${value.about}`
    report(
      at,
      'duplicate-name',
      `${what} is accepted already, in line ${written[first]?.at.line}.`,
      'keep one of them.',
    )
  }
}
