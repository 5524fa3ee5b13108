import { describe, expect } from 'vitest'
import { evidence, type Story } from '../support/evidence.ts'
import { causesOf, sentenceOf, told } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

describe('the autoscaler', () => {
  const cpu: Story['hpa'] = () => ({ desired: 2, metrics: [{ metric: 'Resource/cpu', target: 70, value: 45 }] })
  const two: Story['pods'] = () => ({ scheduled: 2, ready: 2 })

  it.each<[string, Partial<Story>, string[]]>([
    [
      'that watches only CPU and never decides is blind and late',
      { hpa: cpu, pods: two },
      ['autoscaler-blind', 'autoscaler-late'],
    ],
    [
      'that watches only CPU and still decides in time is in time',
      { hpa: (s) => ({ desired: s < 30 ? 2 : 6, metrics: [{ metric: 'Resource/cpu', target: 70, value: 90 }] }) },
      [],
    ],
    [
      'without a value of its metric is blind and late',
      { hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12 }] }), pods: two },
      ['autoscaler-blind', 'autoscaler-late'],
    ],
    [
      'that decides 12 s after the load is late',
      {
        hpa: (s) => ({
          desired: s < 39 ? 2 : 6,
          metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: s < 26 ? 11 : 25 }],
        }),
      },
      ['autoscaler-late'],
    ],
    [
      'whose pods take 40 s to be ready is late',
      { pods: (s) => ({ scheduled: s < 32 ? 2 : 6, ready: s < 68 ? 2 : 6 }) },
      ['autoscaler-late'],
    ],
    ['whose pods cannot be scheduled is late', { pods: two }, ['autoscaler-late']],
    [
      'that has enough pods from the start is in time',
      {
        hpa: () => ({ desired: 6, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 9 }] }),
        pods: () => ({ scheduled: 6, ready: 6 }),
      },
      [],
    ],
    ['without evidence leaves a gap', { hpa: () => undefined }, ['no-evidence']],
  ])('%s', (_, story, causes) => {
    expect(causesOf(told(story))).toEqual(causes)
  })

  it('need not scale when the load never exceeds its target', () => {
    const idle = evidence({
      hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 500, value: 25 }] }),
      pods: two,
    })
    expect(causesOf(judge(idle))).toEqual(['no-evidence'])
    expect(sentenceOf(judge(idle), 'no-evidence')).toBe(
      'payments-api: in promo peak its metric was never over target, so it did not have to scale to 5 pods.',
    )
  })

  it('that is late is reported with its delay, counted from the moment when pods were needed', () => {
    const slow = told({ pods: (s) => ({ scheduled: s < 32 ? 2 : 6, ready: s < 68 ? 2 : 6 }) })
    expect(sentenceOf(slow, 'autoscaler-late')).toBe(
      'payments-api had 5 pods ready 42.8 s after more pods were called for; 30.0 s were allowed (at most 6 pods ready of 5 wanted).',
    )
  })
})
