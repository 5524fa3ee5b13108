import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PAUSE_ANNOTATION } from '../../../src/protocols/chaos-mesh/objects.ts'
import { versionsOf } from '../../protocols/chaos-mesh/recordings.ts'
import { eventually } from '../support/bare-cluster.ts'
import { course } from './course.ts'
import { type DaemonBench, daemonBench } from './daemon-bench.ts'

let bench: DaemonBench
beforeAll(async () => {
  bench = await daemonBench()
})
afterAll(() => bench?.stop())

const selector = { labelSelectors: { app: 'api' } }
const podSelector = (name: string) => ({ mode: 'all', selector: { pods: { default: [name] } } })

describe('the daemon passes through the same versions as Chaos Mesh', () => {
  it('when pods fail, recover at the end of the duration and the object is deleted', async () => {
    const watched = await bench.watch('PodChaos', 'fail-two')
    await bench.create('PodChaos', 'fail-two', {
      action: 'pod-failure',
      mode: 'fixed',
      value: '2',
      duration: '3s',
      selector,
    })
    await watched.until('recovered')
    await watched.settled('AllRecovered')
    await bench.remove('PodChaos', 'fail-two')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'fail-two')))
  })

  it('when no pod is selected', async () => {
    const watched = await bench.watch('PodChaos', 'nobody')
    await bench.create('PodChaos', 'nobody', {
      action: 'pod-failure',
      mode: 'all',
      duration: '2s',
      selector: { labelSelectors: { app: 'x' } },
    })
    await eventually(
      'the end',
      5000,
      async () => watched.versions.at(-1)?.object.status?.experiment?.desiredPhase === 'Stop' || undefined,
    )
    await sleep(100)
    await bench.remove('PodChaos', 'nobody')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'nobody')))
  })

  it('when it is paused, resumed, and deleted while injected', async () => {
    const watched = await bench.watch('PodChaos', 'paused')
    const annotate = (value: string | null) => bench.annotate('PodChaos', 'paused', PAUSE_ANNOTATION, value)
    await bench.create('PodChaos', 'paused', { action: 'pod-failure', mode: 'one', selector })
    await watched.until('injected')
    await watched.settled('AllInjected')
    await annotate('true')
    await watched.until('recovered')
    await watched.settled('AllRecovered')
    await annotate(null)
    await watched.until('injected')
    await watched.settled('AllInjected')
    await bench.remove('PodChaos', 'paused')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'paused')))
  })

  it('when two pods are partitioned from each other', async () => {
    const watched = await bench.watch('NetworkChaos', 'psp-cut')
    await bench.create('NetworkChaos', 'psp-cut', {
      action: 'partition',
      direction: 'both',
      duration: '3s',
      ...podSelector('api-2'),
      target: podSelector('api-3'),
    })
    await watched.until('injected')
    expect(bench.agent.sources.get('default/psp-cut')).toMatchObject([
      { direction: 'both', peers: ['10.244.0.23/32'], effect: { kind: 'partition' } },
      { direction: 'both', peers: ['10.244.0.22/32'], effect: { kind: 'partition' } },
    ])
    await watched.until('recovered')
    expect(bench.agent.sources.has('default/psp-cut')).toBe(false)
    await watched.settled('AllRecovered')
    watched.stop()
    expect(course(watched.versions)).toEqual(course(versionsOf('networkchaos', 'psp-cut')))
    await bench.remove('NetworkChaos', 'psp-cut')
  })

  it('when a delay is deleted while it is injected', async () => {
    const watched = await bench.watch('NetworkChaos', 'slow')
    await bench.create('NetworkChaos', 'slow', {
      action: 'delay',
      ...podSelector('api-4'),
      delay: { latency: '200ms', jitter: '20ms' },
      externalTargets: ['10.200.0.7', '10.201.0.0/16'],
    })
    await watched.until('injected')
    await watched.settled('AllInjected')
    await bench.remove('NetworkChaos', 'slow')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('networkchaos', 'slow')))
  })
})
