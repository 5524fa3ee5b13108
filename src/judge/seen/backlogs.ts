/** Gauges of work that waits, by the name that such gauges bear in any platform, whether or not a rule asked for them. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import { noteStep, type Step, type Steps } from './steps.ts'

type Sample = EvidenceOf<'sample'>

export type Backlogs = {
  add(sample: Sample, line: number): void
  /** By source and metric: the greatest that any pod showed, since replicas that share a table each show the whole of it. */
  readonly all: ReadonlyMap<string, Steps>
}

const BACKLOG = /_(lag|backlog|pending|queue_depth|queue_length|unresolved)$/
/** Readings of one round belong together. */
const ROUND_MS = 1000

export function createBacklogs(): Backlogs {
  const all = new Map<string, Step[]>()
  const note = (key: string, value: number, at: number, line: number) => {
    const steps = all.get(key) ?? []
    all.set(key, steps)
    const last = steps.at(-1)
    if (last && at - last.at < ROUND_MS) {
      if (value > last.value) steps[steps.length - 1] = { ...last, value, line }
      return
    }
    noteStep(steps, { at, value, line })
  }
  return {
    add(sample, line) {
      if (!sample.ok) return
      for (const { name, value } of sample.series)
        if (BACKLOG.test(name) && Number.isFinite(value)) note(`${sample.source}/${name}`, value, sample.at, line)
    },
    all,
  }
}
