import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant, ratio } from '../../src/domain/units.ts'
import { evidence } from '../support/evidence.ts'
import { causesOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

/** The story of one k6, told by three runners: the first has every arrival, the others have none. */
function byThree(laterMs: number, story: Parameters<typeof evidence>[0] = {}): Evidence[] {
  return [...evidence(story)]
    .flatMap((record): Evidence[] => {
      switch (record.kind) {
        case 'load-started':
          return [0, laterMs / 2, laterMs].map((ms, index) => ({
            ...{
              kind: 'load-started',
              at: record.at,
              zeroAt: instant(record.zeroAt + ms),
              instance: `runner-${index}`,
            },
            ...{ pid: 0, pod: `load-${index}`, node: `node-${index}`, toldAt: record.zeroAt },
          }))
        case 'load-frame':
        case 'generator-health':
          return [{ ...record, instance: 'runner-0' }]
        case 'load-ended':
          return [0, 1, 2].map((index) => ({ ...record, instance: `runner-${index}`, frames: undefined as never }))
        default:
          return [record]
      }
    })
    .map((record) => {
      if (record.kind !== 'load-ended') return record
      const { frames: _, ...rest } = record
      return rest
    })
}

const ofRunner = (
  records: readonly Evidence[],
  more: { cpuLimit: number; throttled: number },
  from: number,
  to: number,
): Evidence[] => {
  let second = 0
  return records.map((record) => {
    if (record.kind !== 'generator-health') return record
    second += 1
    const throttled = ratio(second > from && second <= to ? more.throttled : 0)
    return { ...record, instance: 'runner-1', cpuLimit: more.cpuLimit, throttled }
  })
}

describe('runners in the cluster', () => {
  it('three that begin together and share the load are judged like one', () => {
    expect(causesOf(judge(byThree(100)))).toEqual([])
    expect(judge(byThree(100)).verdict.kind).toBe('pass')
  })

  it('runners that begin too far apart are inconclusive, and the late one is named', () => {
    const { verdict, findings } = judge(byThree(2000))
    expect(verdict.kind).toBe('inconclusive')
    expect(findings.find(({ cause }) => cause === 'runners-desynchronised')?.sentence).toMatch(
      /^The runners did not begin together: runner-2 began 2(\.0)? s after runner-0, more than /,
    )
  })

  it.each([
    ['a tenth of the shortest ramp', 500, true, false],
    ['a little more than it', 501, true, true],
    ['250 ms where the load has no ramp', 250, false, false],
    ['a little more than that', 251, false, true],
  ])('runners apart by %s', (_, laterMs, hasRamps, isReported) => {
    const level = (record: Evidence): Evidence => {
      if (hasRamps || record.kind !== 'run-started') return record
      const { timeline } = record
      const [first, ...rest] = timeline.phases
      const phases = [
        { ...first, rampEndMs: first.fromMs },
        ...rest.map((each) => ({ ...each, rampEndMs: each.fromMs })),
      ] as const
      return { ...record, timeline: { ...timeline, phases } }
    }
    expect(causesOf(judge(byThree(laterMs).map(level))).includes('runners-desynchronised')).toBe(isReported)
  })

  it.each([
    ['throttled in a twentieth of the periods', { cpuLimit: 8, throttled: 0.05 }, 'kept up'],
    ['throttled in a little more of them', { cpuLimit: 8, throttled: 0.051 }, 'runner-1 was at its limit of CPU'],
  ])('a runner %s', (_, more, sentence) => {
    expect(judge(ofRunner(byThree(0), more, 30, 90)).generator.sentence).toContain(sentence)
  })

  it('a runner that its CPU limit throttles is starvation, and it is named', () => {
    const { verdict, findings } = judge(ofRunner(byThree(0), { cpuLimit: 2, throttled: 0.4 }, 30, 90))
    expect(verdict.kind).toBe('inconclusive')
    expect(findings[0]?.sentence).toContain('runner-1 was at its limit of CPU for 60.0 s')
    expect(judge(ofRunner(byThree(0), { cpuLimit: 2, throttled: 0.01 }, 30, 90)).verdict.kind).toBe('pass')
  })

  it('a runner at its limit is starvation even on an idle node', () => {
    const { generator } = judge(ofRunner(byThree(0), { cpuLimit: 0.1, throttled: 0 }, 0, 0))
    expect(generator.sentence).toContain('runner-1 was at its limit of CPU')
  })

  it('names the runner whose event loop was late', () => {
    const records = byThree(0, { lagMs: (second) => (second < 20 ? 90 : 2) }).flatMap((record): Evidence[] =>
      record.kind === 'load-frame'
        ? [{ ...record, instance: 'runner-2', loopLag: { count: 100, p95Ms: 2 } }, record]
        : [record],
    )
    expect(judge(records).generator.sentence).toContain('the event loop of runner-0 was late for 20.0 s')
  })

  it('names the runner whose node was full', () => {
    const full = byThree(0, { health: (second) => ({ cpuCores: 0.1, hostBusy: second < 60 ? 0.99 : 0.1 }) })
    const { generator } = judge(ofRunner(full, { cpuLimit: 2, throttled: 0 }, 0, 0))
    expect(generator.sentence).toContain('the node of runner-1 was full (at least 95 % busy) for 60.0 s')
  })

  it('says of the runners that crashed why, and not of those that were stopped', () => {
    const records = byThree(0).map((record): Evidence => {
      if (record.kind !== 'load-ended') return record
      return record.instance === 'runner-2'
        ? { ...record, outcome: 'crashed', exitCode: 137, problems: ['runner-2: pod load-2 on node node-2: OOMKilled'] }
        : { ...record, outcome: 'stopped', exitCode: 103, problems: [`${record.instance}: stopped`] }
    })
    const crashed = judge(records).findings.find(({ cause }) => cause === 'load-crashed')
    expect(crashed?.sentence).toBe('The load generator crashed: runner-2: pod load-2 on node node-2: OOMKilled.')
  })
})
