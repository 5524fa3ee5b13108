// HTTPChaos and DNSChaos at the daemon: no controller recorded them, but their loops are written like those that were.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { listOf } from '../../../src/lab/machine/json.ts'
import { recordsOf } from '../../../src/protocols/chaos-mesh/experiment.ts'
import { CLEAN_FINALIZER_ANNOTATION, PAUSE_ANNOTATION } from '../../../src/protocols/chaos-mesh/objects.ts'
import { versionsOf } from '../../protocols/chaos-mesh/recordings.ts'
import { eventually } from '../support/bare-cluster.ts'
import { course } from './course.ts'
import { type DaemonBench, daemonBench, pathOf } from './daemon-bench.ts'

let bench: DaemonBench
beforeAll(async () => {
  bench = await daemonBench()
})
afterAll(() => bench?.stop())
afterEach(() => {
  bench.agent.answer = () => 'acknowledged'
  bench.agent.before = async () => {}
})

const pods = (...names: string[]) => ({ mode: 'all', selector: { pods: { default: names } } })
const slow = { target: 'Request', port: 8080, path: '/charges*', delay: '2s' }

describe('HTTPChaos', () => {
  it('passes through the versions of a NetworkChaos that is deleted while it is injected', async () => {
    const watched = await bench.watch('HTTPChaos', 'slow')
    await bench.create('HTTPChaos', 'slow', { ...slow, ...pods('api-1') })
    await watched.until('injected')
    expect(bench.agent.sources.get('httpchaos:default/slow')).toMatchObject([
      {
        effect: { kind: 'http', target: 'request', port: 8080, match: { path: '/charges*' }, acts: { delayMs: 2000 } },
      },
    ])
    await watched.settled('AllInjected')
    await bench.remove('HTTPChaos', 'slow')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('networkchaos', 'slow')))
    expect(bench.agent.sources.size).toBe(0)
  })

  it('is not injected while a pod does not acknowledge it, and says why', async () => {
    bench.agent.answer = () => ({ failed: 'a container of default/api-1 is not Node' })
    const watched = await bench.watch('HTTPChaos', 'deaf')
    await bench.create('HTTPChaos', 'deaf', { ...slow, ...pods('api-1') })
    await watched.until('failed')
    expect(watched.state()).toMatchObject({ failures: [{ message: 'a container of default/api-1 is not Node' }] })
    bench.agent.answer = () => 'acknowledged'
    await watched.until('injected')
    await bench.remove('HTTPChaos', 'deaf')
    await watched.ended
  })

  it('fails at its pods for a delay that only the webhooks can parse', async () => {
    const watched = await bench.watch('HTTPChaos', 'fraction')
    await bench.create('HTTPChaos', 'fraction', { ...slow, delay: '1.5s', ...pods('api-1') })
    await watched.until('failed')
    await bench.remove('HTTPChaos', 'fraction')
    await bench.annotate('HTTPChaos', 'fraction', CLEAN_FINALIZER_ANNOTATION, 'forced')
    await watched.ended
  })

  it('may have the name of another kind’s experiment', async () => {
    const cut = await bench.watch('NetworkChaos', 'twin')
    const http = await bench.watch('HTTPChaos', 'twin')
    await bench.create('NetworkChaos', 'twin', {
      action: 'partition',
      ...pods('api-1'),
      externalTargets: ['10.96.0.7'],
    })
    await bench.create('HTTPChaos', 'twin', { ...slow, ...pods('api-1') })
    await Promise.all([cut.until('injected'), http.until('injected')])
    await bench.remove('NetworkChaos', 'twin')
    await cut.ended
    expect([...bench.agent.sources.keys()]).toEqual(['httpchaos:default/twin'])
    await bench.remove('HTTPChaos', 'twin')
    await http.ended
  })
})

describe('DNSChaos', () => {
  it('passes through the versions of a PodChaos that is paused, resumed and deleted', async () => {
    const watched = await bench.watch('DNSChaos', 'paused')
    const annotate = (value: string | null) => bench.annotate('DNSChaos', 'paused', PAUSE_ANNOTATION, value)
    await bench.create('DNSChaos', 'paused', { action: 'error', patterns: ['psp-a.*'], ...pods('api-2') })
    await watched.until('injected')
    expect(recordsOf(watched.last())?.map(({ id }) => id)).toEqual(['default/api-2/main'])
    expect(bench.agent.sources.get('dnschaos:paused')).toMatchObject([
      { effect: { kind: 'dns', answer: 'error', patterns: ['psp-a.*'] } },
    ])
    await watched.settled('AllInjected')
    await annotate('true')
    await watched.until('recovered')
    expect(bench.agent.sources.size).toBe(0)
    await watched.settled('AllRecovered')
    await annotate(null)
    await watched.until('injected')
    await watched.settled('AllInjected')
    await bench.remove('DNSChaos', 'paused')
    await watched.ended
    expect(course(watched.versions)).toEqual(course(versionsOf('podchaos', 'paused')))
  })

  it('selects the named containers, affects their pod once, and ends with its duration', async () => {
    const watched = await bench.watch('DNSChaos', 'both')
    const containerNames = ['main', 'side']
    await bench.create('DNSChaos', 'both', {
      action: 'random',
      duration: '4s',
      containerNames,
      ...pods('api-1', 'api-2'),
    })
    await watched.until('injected')
    expect(recordsOf(watched.last())).toHaveLength(4)
    expect(bench.agent.sources.get('dnschaos:both')).toHaveLength(2)
    await watched.until('recovered')
    expect(bench.agent.sources.size).toBe(0)
    await bench.remove('DNSChaos', 'both')
    await watched.ended
  })

  it('is tried again until a pod acknowledges it, when it is injected and when it is healed', async () => {
    const watched = await bench.watch('DNSChaos', 'deaf')
    bench.agent.answer = () => ({ failed: 'frozen' })
    await bench.create('DNSChaos', 'deaf', { action: 'error', ...pods('api-1') })
    await watched.until('failed')
    bench.agent.answer = () => 'acknowledged'
    await watched.until('injected')
    bench.agent.answer = () => ({ failed: 'frozen' })
    await bench.remove('DNSChaos', 'deaf')
    await watched.until('failed')
    bench.agent.answer = () => 'acknowledged'
    await watched.ended
    expect(watched.state().kind).toBe('recovered')
  })

  it('refuses a pattern with an asterisk inside', async () => {
    const watched = await bench.watch('DNSChaos', 'pattern')
    await bench.create('DNSChaos', 'pattern', { action: 'error', patterns: ['psp-*.providers'], ...pods('api-1') })
    await watched.until('failed')
    expect(watched.state()).toMatchObject({ failures: [{ message: expect.stringContaining('asterisk') }] })
    await bench.remove('DNSChaos', 'pattern')
    await watched.ended
  })
})

describe('a daemon that is killed', () => {
  it('heals both kinds of fault after its restart, and removes rules without an experiment', async () => {
    const http = await bench.watch('HTTPChaos', 'orphan')
    const dns = await bench.watch('DNSChaos', 'orphan')
    await bench.create('HTTPChaos', 'orphan', { ...slow, ...pods('api-1') })
    await bench.create('DNSChaos', 'orphan', { action: 'error', ...pods('api-1') })
    await Promise.all([http.until('injected'), dns.until('injected')])
    await bench.kill()
    bench.agent.sources.set('dnschaos:gone', [{ podUid: 'somebody' }])
    await bench.start()
    await eventually('no orphans', 5000, async () => !bench.agent.sources.has('dnschaos:gone') || undefined)
    expect([...bench.agent.sources.keys()].sort()).toEqual(['dnschaos:orphan', 'httpchaos:default/orphan'])
    await bench.remove('HTTPChaos', 'orphan')
    await bench.remove('DNSChaos', 'orphan')
    await Promise.all([http.ended, dns.ended])
    expect([http.state().kind, dns.state().kind]).toEqual(['recovered', 'recovered'])
    expect(bench.agent.sources.size).toBe(0)
  })
})

it('HTTPChaos and DNSChaos leave nothing behind in the cluster or in the pod network', async () => {
  const lists = await Promise.all([pathOf('HTTPChaos'), pathOf('DNSChaos')].map((path) => bench.bare.cluster.get(path)))
  expect(lists.flatMap(({ items }) => listOf(items))).toEqual([])
  expect(bench.agent.sources.size).toBe(0)
})
