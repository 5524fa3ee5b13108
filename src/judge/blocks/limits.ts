/** What a comparison cannot show, so that nobody reads more into it than it holds. */
import type { Comparison, Measure } from '../../domain/comparison.ts'

type Compared = Pick<Comparison, 'unit' | 'pairs' | 'a' | 'b' | 'aa'> & {
  readonly objectives: readonly Pick<Measure, 'kind'>[]
}

export function limitsOf(
  { unit, pairs, a, b, aa, objectives }: Compared,
  uncounted: readonly string[],
): readonly string[] {
  const limits: string[] = []
  if (unit === 'runs') {
    if ((a.runs?.length ?? 0) < 2 || (b.runs?.length ?? 0) < 2)
      limits.push(
        'One run of each release shows how the runs differ, and not whether the release is the reason: simulated, p95 of two runs of the same release differs by more than 10 % in 12 to 39 % of all cases. At least two runs of each are compared by a test.',
      )
    limits.push(
      'Stored runs ran at different times: what the machine, the cluster and the neighbours did in between is in the difference. `matchday compare REHEARSAL --a … --b …` measures both releases in turn.',
    )
  } else if (!aa) {
    limits.push(
      'One session is one placement of pods and one warm-up of each release. Repeat it in another session before you blame the code.',
    )
  }
  if (pairs > 0 && objectives.some(({ kind }) => kind === 'latency'))
    limits.push(
      'Harm to few requests hardly moves p95: 10 % of them 20 % slower move it by 2 %. p99 and shares over the ceiling are shown, and do not gate.',
    )
  if (uncounted.length > 0)
    limits.push(
      `No availability objective counts the bad attempts of ${uncounted.join(', ')}: they are shown, and do not gate. Fast errors do not make a release look fast, because only good responses are timed.`,
    )
  return limits
}
