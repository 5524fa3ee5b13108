import { describe, expect, it } from 'vitest'
import { limitsOf } from '../../../src/judge/blocks/limits.ts'

const RUNS = ['20260801-1', '20260801-2']
const release = (name: string, runs?: readonly string[]) => ({
  name,
  entry: '',
  ...(runs === undefined ? {} : { runs }),
})
const compared = {
  unit: 'pairs',
  pairs: 8,
  a: release('a'),
  b: release('b'),
  aa: false,
  objectives: [{ kind: 'latency' }],
} as const
const stored = { ...compared, unit: 'runs', a: release('a', RUNS), b: release('b', RUNS) } as const

const NAMES = {
  'one run': 'One run of each release',
  'different times': 'Stored runs ran at different times',
  'one session': 'One session is one placement',
  'few requests': 'Harm to few requests',
  uncounted: 'No availability objective counts the bad attempts of',
}
function namesOf(comparison: Parameters<typeof limitsOf>[0], uncounted: readonly string[] = []) {
  return limitsOf(comparison, uncounted).map(
    (limit) => Object.entries(NAMES).find(([, begin]) => limit.startsWith(begin))?.[0] ?? limit,
  )
}

describe('the limits of a comparison', () => {
  it.each<[string, Parameters<typeof limitsOf>[0], readonly string[]]>([
    ['a session', compared, ['one session', 'few requests']],
    ['a session of both releases at once', { ...compared, unit: 'duet' }, ['one session', 'few requests']],
    ['one release with itself', { ...compared, aa: true }, ['few requests']],
    ['a session without a pair', { ...compared, pairs: 0 }, ['one session']],
    ['one pair', { ...compared, pairs: 1 }, ['one session', 'few requests']],
    ['no objective about latency', { ...compared, objectives: [{ kind: 'rate' }] }, ['one session']],
    [
      'one of two objectives about latency',
      { ...compared, objectives: [{ kind: 'rate' }, { kind: 'latency' }] },
      ['one session', 'few requests'],
    ],
    ['two stored runs of each', stored, ['different times', 'few requests']],
    [
      'one stored run of the first',
      { ...stored, a: release('a', ['r']) },
      ['one run', 'different times', 'few requests'],
    ],
    [
      'one stored run of the second',
      { ...stored, b: release('b', ['r']) },
      ['one run', 'different times', 'few requests'],
    ],
    [
      'stored runs whose names are unknown',
      { ...stored, a: release('a') },
      ['one run', 'different times', 'few requests'],
    ],
  ])('of %s are these', (_, comparison, expected) => expect(namesOf(comparison)).toEqual(expected))

  it('name the indicators whose bad attempts no objective counts', () => {
    expect(namesOf({ ...compared, pairs: 0 }, ['ws-rtt'])).toEqual(['one session', 'uncounted'])
    expect(limitsOf(compared, ['ws-rtt', 'bet']).at(-1)).toContain('the bad attempts of ws-rtt, bet:')
  })
})
