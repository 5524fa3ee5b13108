/** How k6 ended, in words. Codes as in k6 2.2's errext/exitcodes, the last two as in any shell. */
import type { LoadEnded } from '../../domain/evidence.ts'

const MEANINGS: Readonly<Record<number, string>> = {
  99: 'thresholds were missed',
  100: 'setup took too long',
  101: 'teardown took too long',
  102: 'something took too long',
  103: 'it was stopped over its REST API',
  104: 'its configuration is wrong',
  105: 'it was asked to stop by a signal',
  106: 'its REST API could not start',
  107: 'the script threw while it was loaded or set up',
  108: 'the script aborted the test',
  109: 'k6 itself panicked',
  110: 'the script marked the test as failed',
  126: 'it may not be executed',
  127: 'there is no such program',
}

/** k6 ran to its end, and its thresholds are told by themselves. */
const THRESHOLDS_MISSED = 99

/**
 * `stopping`: we asked k6 to end. `aborted`: a threshold of the script did. Exit code 0 is completed, as is 99 where thresholds were told; everything else is
 * a crash with its reason.
 */
export function outcomeOf(
  code: number | null,
  signal: NodeJS.Signals | null,
  stopping: boolean,
  thresholds?: { readonly told: string | undefined; readonly aborted: boolean },
): { readonly outcome: LoadEnded['outcome']; readonly reasons: readonly string[] } {
  if (stopping)
    return { outcome: 'stopped', reasons: signal === null ? [] : [`k6 did not stop and was ended by ${signal}`] }
  if (code === THRESHOLDS_MISSED && thresholds?.told !== undefined)
    return { outcome: thresholds.aborted ? 'stopped' : 'completed', reasons: [] }
  if (code === 0) return { outcome: 'completed', reasons: [] }
  if (signal !== null) return { outcome: 'crashed', reasons: [`k6 was killed by ${signal}`] }
  const meaning = MEANINGS[code ?? -1] ?? 'unknown to matchday'
  return { outcome: 'crashed', reasons: [`k6 ended with code ${code}: ${meaning}`] }
}
