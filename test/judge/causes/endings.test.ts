import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import {
  evidence,
  nobody,
  nodes,
  podLife,
  rolledOut,
  rollout,
  secondAt,
  seen,
  together,
  withActions,
} from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

describe('a pod that ends', () => {
  const life = (gone: number, changes: object = {}) =>
    podLife({
      name: 'bets-1',
      app: 'bets',
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      ends: 100,
      gone,
      grace: 10,
      ...changes,
    })
  const ending = (gone: number, changes: object = {}) => shown(together(nodes(), life(gone, changes)))

  it('at the end of its grace period was killed', () => {
    const judgment = ending(110.2, { killed: true })
    expect(causesOf(judgment)).toEqual(['slow-termination'])
    expect(sentenceOf(judgment, 'slow-termination')).toBe(
      '1 pod of bets took all of the grace of 10.0 s to end (up to 10.2 s) and had to be killed.',
    )
  })

  it.each<[string, number, object]>([
    ['before that', 106, {}],
    ['at once, because it has no grace period', 100.1, { grace: 0 }],
    ['whose grace period is not known', 130, { grace: undefined }],
    ['in another namespace', 110.2, { namespace: 'elsewhere' }],
  ])('%s is no finding', (_, gone, changes) => {
    expect(causesOf(ending(gone, changes))).toEqual([])
  })

  it('on a node that is down is not called slow', () => {
    const dark = seen(99, {
      resource: 'Node',
      namespace: '',
      name: 'zone-a-api',
      uid: 'n',
      zone: 'a',
      pool: 'api',
      ready: false,
      unschedulable: false,
      taints: [],
    })
    expect(causesOf(shown(together(nodes(), life(111), [dark])))).toEqual([])
  })
})

describe('a pod that a rollout ends', () => {
  type Ending = {
    readonly ended?: number
    readonly gone?: number
    readonly grace?: number
    readonly calls?: number
    readonly ends?: number
    readonly quietFrom?: number
  }

  /** The kubelet clears a pod away some time after its processes have ended. */
  const ending = ({ ended = 105.2, gone = 106.2, grace = 10, calls = 5, ends = 105, quietFrom = ends }: Ending) => {
    const story = { name: 'gateway-1', app: 'gateway', node: 'zone-a-api', born: -2, ready: -1, ends, gone, grace }
    const life = podLife(story).flatMap((each) => {
      const isGone = each.kind === 'object-seen' && each.change === 'deleted'
      return isGone ? [{ ...each, at: secondAt(ended), change: 'modified' } as const, each] : [each]
    })
    const answered = Array.from({ length: Math.floor(ends) }, (_, second): Evidence => {
      const series = [
        { name: 'http_requests_total', labels: { code: '200' }, value: Math.min(second, quietFrom) * calls },
      ]
      return { kind: 'sample', at: secondAt(second), source: 'gateway', pod: 'gateway-1', ok: true, series }
    })
    const run = evidence({ rehearsal: withActions(rollout) })
    return judge(together(run, nodes(), life, answered, nobody('gateway', ends), rolledOut))
  }

  it('before its callers could know was not drained', () => {
    const judgment = ending({})
    expect(causesOf(judgment)).toEqual(['drain-missing'])
    expect(sentenceOf(judgment, 'drain-missing')).toBe(
      '1 pod of gateway ended within 200 ms of being asked to, although requests still came: routers need longer to forget a pod.',
    )
  })

  it.each<[string, Ending]>([
    ['after a second', { ended: 106 }],
    ['that got no calls', { calls: 0 }],
    ['that got no more calls', { quietFrom: 80 }],
    ['without a grace period, which means kill', { grace: 0 }],
    ['before the rollout began', { ends: 90, ended: 90.2, gone: 91 }],
  ])('%s is no finding', (_, story) => {
    expect(causesOf(ending(story))).toEqual([])
  })
})
