/**
 * Builds the journal of a run in a few lines: `evidence()` is a healthy one of the stock rehearsal, second by second; each part
 * of the story can be told otherwise, and everything that depends on it follows (frames, counters, books).
 */
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { clientOf, health } from './evidence-load.ts'
import { bookRecords } from './evidence-money.ts'
import { clusterRecords, faultRecords, samples } from './evidence-platform.ts'
import { runStarted, START, secondAt, timeline, ZERO } from './evidence-rehearsal.ts'
import { healthy, type Story } from './evidence-story.ts'

export * from './evidence-actions.ts'
export * from './evidence-cluster.ts'
export { toBad, toDropped } from './evidence-load.ts'
export * from './evidence-money.ts'
export * from './evidence-rehearsal.ts'
export * from './evidence-story.ts'

/** The journal of a run; in order of time, as the controller writes it. */
export function evidence(changes: Partial<Story> = {}): Evidence[] {
  const story = { ...healthy, ...changes }
  const client = clientOf(story)
  const records: Evidence[] = [
    { ...runStarted(), rehearsal: story.rehearsal },
    { kind: 'residue', at: instant(START + 100), when: 'before', items: [] },
    { kind: 'load-started', at: instant(ZERO - 50), zeroAt: instant(ZERO), instance: 'k6', pid: 4711 },
    ...timeline.phases
      .filter(({ fromMs }) => fromMs <= story.lasts * 1000)
      .map(
        ({ name, fromMs }, index): Evidence => ({
          kind: 'phase-started',
          at: instant(ZERO + fromMs),
          phase: name,
          index,
        }),
      ),
    ...client.frames,
    ...health(story),
    ...faultRecords(story),
    ...clusterRecords(story),
    ...samples(story),
    ...(story.stop ? [{ kind: 'stop-requested', at: secondAt(story.lasts - 0.1), ...story.stop } as const] : []),
    {
      kind: 'load-ended',
      at: secondAt(story.lasts + 0.2),
      instance: 'k6',
      outcome: story.outcome,
      exitCode: story.outcome === 'crashed' ? null : story.outcome === 'stopped' ? 105 : 0,
      problems: story.outcome === 'crashed' ? ['killed by SIGKILL'] : [],
      frames: client.frames.length,
    },
    ...bookRecords(story, client.acknowledged),
    { kind: 'residue', at: secondAt(story.lasts + 8), when: 'after', items: story.residue },
    { kind: 'run-ended', at: secondAt(story.lasts + 8.1), healed: story.healed },
  ]
  return records
    .map((record, index) => ({ record, index }))
    .sort((a, b) => a.record.at - b.record.at || a.index - b.index)
    .map(({ record }) => record)
}

/** Changes or removes records of one kind: `without(records, 'sample')`. */
export const without = (records: readonly Evidence[], ...kinds: readonly Evidence['kind'][]): Evidence[] =>
  records.filter((record) => !kinds.includes(record.kind))

export const mapped = <K extends Evidence['kind']>(
  records: readonly Evidence[],
  kind: K,
  change: (record: EvidenceOf<K>) => Evidence,
): Evidence[] => records.map((record) => (isKind(record, kind) ? change(record) : record))

const isKind = <K extends Evidence['kind']>(record: Evidence, kind: K): record is EvidenceOf<K> => record.kind === kind
