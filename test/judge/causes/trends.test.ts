import { describe, expect } from 'vitest'
import type { Evidence, LoadFrame } from '../../../src/domain/evidence.ts'
import { readJournal } from '../../../src/journal/read.ts'
import { evidence, mapped, named, type Story, scrapes, seen, together } from '../../support/evidence.ts'
import { causesOf, sentenceOf } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

const noise = (second: number): number => ((second * 7919) % 13) - 6
const recorded: Evidence[] = []
for await (const { record } of readJournal('reports/example/journal.ndjson')) recorded.push(record)

/** The stock run without its fault, at one load from second 0 to 160, whose deposits take this long. */
function slowing(ms: (second: number) => number, story: Partial<Story> = {}): Evidence[] {
  const run = evidence({ steps: [], ...story })
  const steady = mapped(run, 'run-started', (head) => ({
    ...head,
    timeline: {
      ...head.timeline,
      phases: [{ ...head.timeline.phases[0], rampEndMs: 0, toMs: 160_000 }] as unknown as typeof head.timeline.phases,
    },
  }))
  let second = 0
  return mapped(steady, 'load-frame', (frame): LoadFrame => {
    const at = ms(second++)
    const slis = Object.fromEntries(
      Object.entries(frame.slis).map(([name, counts]) => {
        const good = counts.histogram.reduce((sum, [, count]) => sum + count, 0)
        return [name, { ...counts, histogram: good === 0 ? [] : [[at, good] as const] }]
      }),
    )
    return { ...frame, slis }
  })
}

const memory = (mib: (second: number) => number): Evidence[] => {
  const pod = {
    resource: 'Pod',
    ...named('gateway-1'),
    app: 'gateway',
    labels: {},
    podPhase: 'Running',
    ready: true,
    deleting: false,
    restarts: 0,
    memoryLimit: 512 * 2 ** 20,
  } as const
  return [
    seen(-2, pod, 'present'),
    ...scrapes('gateway', 'gateway-1', 'process_resident_memory_bytes', (s) => mib(s) * 2 ** 20),
  ]
}
const flat = () => slowing((s) => 60 + noise(s))

describe('during constant load', () => {
  it('latency that grows steadily is degrading, with the time until its objective', () => {
    const judgment = judge(slowing((s) => 50 + s / 2 + noise(s)))
    expect(causesOf(judgment, 'warning')).toContain('degrading')
    expect(sentenceOf(judgment, 'degrading')).toMatch(
      /^api p95 grew from \d+ ms to \d+ ms in 1[34]\d\.\d s of constant load; its limit is 250 ms, which it reaches in \d+ min at this rate\.$/,
    )
  })

  it('memory that grows steadily is degrading, with the time until its limit', () => {
    const judgment = judge(
      together(
        flat(),
        memory((s) => 90 + s + noise(s)),
      ),
    )
    expect(sentenceOf(judgment, 'degrading')).toMatch(
      /^memory of gateway-1 grew from \d+ MiB to \d+ MiB in .* its limit is 512 MiB, which it reaches in \d+ min at this rate\.$/,
    )
  })

  it.each<[string, Evidence[]]>([
    ['latency that only varies', flat()],
    ['latency that grew at first and then stays level', slowing((s) => Math.min(90, 40 + s) + noise(s))],
    ['latency that grows too little to matter', slowing((s) => 60 + s / 100 + noise(s) / 10)],
    ['latency on a starved machine', slowing((s) => 50 + s / 2, { health: () => ({ cpuCores: 1.2, hostBusy: 0.99 }) })],
    [
      'memory that is freed again',
      together(
        flat(),
        memory((s) => 90 + (s % 30) * 2),
      ),
    ],
    [
      'memory of a process that has just started',
      together(
        flat(),
        memory((s) => 90 + 200 * (1 - Math.exp(-s / 40))),
      ),
    ],
    [
      'memory that reaches its limit in hours',
      together(
        flat(),
        memory((s) => 20 + s / 20),
      ),
    ],
    [
      'memory that varies more than it grows',
      together(
        flat(),
        memory((s) => 90 + s / 4 + 6 * noise(Math.floor(s / 5))),
      ),
    ],
    ['memory that was read for only a minute', together(flat(), memory((s) => 90 + s).slice(0, 60))],
  ])('%s is no finding', (_, records) => {
    expect(causesOf(judge(records))).not.toContain('degrading')
  })
})

it('a recorded healthy run has no degrading finding', () => {
  expect(causesOf(judge(recorded))).toEqual([])
})
