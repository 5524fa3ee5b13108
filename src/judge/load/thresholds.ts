/**
 * The script's own thresholds, as k6 evaluated them over the whole run. A missed one is a breach. k6 passes a threshold without samples; here it is a gap.
 * A script with a closed model gives a warning.
 */
import type { ThresholdResult } from '../../domain/evidence.ts'
import { CLOSED_MODEL } from '../../domain/script.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { listed } from '../findings/words.ts'
import type { Seen } from '../seen/seen.ts'

export function judgeScript(seen: Seen): readonly Finding[] {
  return [...seen.run.thresholds.flatMap((each) => ofThreshold(each, seen)), ...untold(seen), ...closedModel(seen)]
}

const named = ({ metric, expression }: Pick<ThresholdResult, 'metric' | 'expression'>): string =>
  `${metric}: ${expression}`

function ofThreshold(result: ThresholdResult, { run }: Seen): readonly Finding[] {
  const subject = named(result)
  if (result.samples === 0) {
    const sentence = `The script's threshold ${subject} has no samples.`
    return [finding('gap', 'no-evidence', subject, sentence, run.loadLines)]
  }
  if (result.ok) return []
  const stopped = result.aborted ? ', and stopped the run' : ''
  const sentence = `The script's threshold ${subject} was missed${valuesOf(result)}${stopped}.`
  return [finding('breach', 'threshold-missed', subject, sentence, run.loadLines)]
}

function valuesOf({ expression, values }: ThresholdResult): string {
  const compared = Object.entries(values).filter(([name]) => expression.startsWith(name))
  return compared.length === 0
    ? ''
    : ` (${listed(compared.map(([name, value]) => `${name} = ${Number(value.toPrecision(6))}`))})`
}

/** Thresholds whose result k6 did not tell: it died, or was stopped before its summary. */
function untold({ run }: Seen): readonly Finding[] {
  const planned = run.head.timeline.load.thresholds ?? []
  if (run.load === 'never' || run.load === 'running') return []
  return planned
    .filter((each) => !run.thresholds.some((told) => named(told) === named(each)))
    .map((each) =>
      finding(
        'gap',
        'no-evidence',
        named(each),
        `k6 did not tell whether the script's threshold ${named(each)} held.`,
        [...run.loadLines],
      ),
    )
}

function closedModel({ run }: Seen): readonly Finding[] {
  const closed = (run.head.timeline.load.outside?.shown ?? []).filter(({ model }) => model === 'closed')
  if (closed.length === 0) return []
  const names = listed(closed.map(({ name }) => name))
  return [finding('warning', 'closed-model', names, `${names}: ${CLOSED_MODEL}`, [run.headLine])]
}
