import { describe, expect } from 'vitest'
import type { PodSeen, Termination } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { node, nodes, readyPod, type Story, seen, toBad, together } from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it } from '../../support/reviewed.ts'

const oom: Termination = { container: 'app', reason: 'OOMKilled', exitCode: 137 }

const pod = (name: string, changes: Partial<PodSeen> = {}): PodSeen => readyPod(name, 'gateway', changes)

/** A pod whose container ends at a second and is started again two seconds later. */
const restarting = (second: number, ended: Termination | null = oom, name = 'gateway-1', restarts = 0): Evidence[] => {
  const last = ended === null ? {} : { lastTermination: ended }
  return [
    ...(restarts === 0 ? [seen(-2, pod(name), 'present')] : []),
    seen(second, pod(name, { ready: false, restarts })),
    seen(second + 2, pod(name, { ready: false, restarts: restarts + 1, ...last })),
    seen(second + 5, pod(name, { restarts: restarts + 1, ...last })),
  ]
}
const lostAt =
  (...on: readonly number[]): Story['load'] =>
  (second, load) =>
    on.includes(second) && toBad(load.login, 2, 'http-502')

const judged = (more: readonly Evidence[], story: Partial<Story> = {}) => shown(together(nodes(), more), story)

describe('a container that ended and was started again', () => {
  it('is a breach where requests were lost around it, with container, reason and exit code', () => {
    const judgment = judged(restarting(120), { load: lostAt(119, 120, 121) })
    expect(causesOf(judgment, 'breach')).toContain('container-restarted')
    expect(sentenceOf(judgment, 'container-restarted')).toBe(
      'A container of gateway ended once and was started again, with nothing aimed at its pod: app in gateway-1 (OOMKilled, exit code 137); 6 attempts went wrong around it.',
    )
  })

  it('is a warning where no request was lost', () => {
    const judgment = judged([...restarting(20), ...restarting(120, { ...oom, reason: 'Error' }, 'gateway-1', 1)])
    expect(judgment.verdict.kind).toBe('pass')
    expect(causesOf(judgment)).toEqual(['container-restarted'])
    expect(sentenceOf(judgment, 'container-restarted')).toBe(
      'Containers of gateway ended 2 times and were started again, with nothing aimed at the pods: app in gateway-1 (OOMKilled, exit code 137) and app in gateway-1 (Error, exit code 137, SIGKILL: memory limit, or liveness probe); no request was seen to be lost by it.',
    )
  })

  it('is reported without a reason in journals that did not record one', () => {
    expect(sentenceOf(judged(restarting(120, null)), 'container-restarted')).toContain('its pod: gateway-1; no')
  })

  it('is only a warning where attempts fail equally often all the time', () => {
    const everywhere = Array.from({ length: 160 }, (_, second) => second)
    expect(causesOf(judged(restarting(120), { load: lostAt(...everywhere) }), 'warning')).toContain(
      'container-restarted',
    )
  })

  it.each<[string, Evidence[]]>([
    ['while a fault targets its pod', restarting(80, oom, 'payments-api-1')],
    [
      'because the pod is removed',
      [...restarting(120).slice(0, 1), seen(119, pod('gateway-1', { deleting: true })), ...restarting(120).slice(2)],
    ],
    ['on a node that was down', [...restarting(120), node(110, 'a', 'api', false), node(118, 'a')]],
    ['before the load began', [seen(-3, pod('gateway-1'), 'present'), seen(-2.5, pod('gateway-1', { restarts: 1 }))]],
    ['before it was watched', [seen(-2, pod('gateway-1', { restarts: 7 }), 'present')]],
  ])('%s is no finding', (_, more) => {
    expect(causesOf(judged(more))).not.toContain('container-restarted')
  })
})
