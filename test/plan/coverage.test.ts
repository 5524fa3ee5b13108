import { describe, expect, it } from 'vitest'
import type { PlannedFault } from '../../src/domain/timeline.ts'
import { coverNewcomers } from '../../src/plan/coverage.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { admit } from '../../src/protocols/chaos-mesh/admission.ts'
import { withObject } from '../support/faults.ts'
import { stock } from './plans.ts'

function stockFault(): PlannedFault {
  const parsed = planTimeline(stock.rehearsal, stock.target, { run: 'run-1', seed: 7 })
  if (!parsed.ok || parsed.value.faults[0] === undefined) throw new Error('no plan')
  return parsed.value.faults[0]
}

const pod = (name: string, more: { podIP?: string; deletionTimestamp?: string } = { podIP: '10.244.1.9' }) => ({
  metadata: {
    namespace: 'casino',
    name,
    labels: { 'app.kubernetes.io/name': 'payments-api' },
    ...(more.deletionTimestamp === undefined ? {} : { deletionTimestamp: more.deletionTimestamp }),
  },
  status: { phase: 'Running', ...(more.podIP === undefined ? {} : { podIP: more.podIP }) },
})

const cover = (fault: PlannedFault, names: readonly ReturnType<typeof pod>[], covered: readonly string[]) =>
  coverNewcomers(fault, { pods: names, nodes: [] }, new Set(covered), 2)

describe('pods that start during a fault', () => {
  it('get a second object that names them and that Chaos Mesh accepts', () => {
    const fault = stockFault()
    const { matching, newcomers, fault: second } = cover(fault, [pod('old'), pod('new')], ['casino/old'])
    expect(matching).toEqual(['casino/old', 'casino/new'])
    expect(newcomers).toEqual(['casino/new'])
    expect(second?.object.metadata).toEqual({ ...fault.object.metadata, name: `${fault.object.metadata.name}-2` })
    expect(second?.object.spec).toEqual({ ...fault.object.spec, selector: { pods: { casino: ['new'] } } })
    expect(admit(second?.object)).toEqual([])
  })

  it('are covered when they have an address and are not terminating', () => {
    const going = pod('going', { podIP: '10.244.1.8', deletionTimestamp: '2026-08-23T19:15:00Z' })
    expect(cover(stockFault(), [pod('young', {}), going], [])).toEqual({ matching: [], newcomers: [] })
  })

  it('are none where the nodes of the fault do not exist', () => {
    const fault = stockFault()
    const selector = { namespaces: ['casino'], nodes: ['node-z'] }
    const lost = withObject(fault, { ...fault.object, spec: { ...fault.object.spec, selector } })
    expect(cover(lost, [pod('new')], [])).toEqual({ matching: [], newcomers: [] })
  })

  it.each(['Succeeded', 'Failed'])('are not covered when they have %s', (phase) => {
    const ended = { ...pod('ended'), status: { phase, podIP: '10.244.1.9' } }
    expect(cover(stockFault(), [ended], [])).toEqual({ matching: [], newcomers: [] })
  })

  it('are not covered if the fault is meant for some pods only', () => {
    const fault = stockFault()
    const one = withObject(fault, { ...fault.object, spec: { ...fault.object.spec, mode: 'one' } })
    expect(cover(one, [pod('old'), pod('new')], ['casino/old'])).toEqual({ matching: ['casino/old'], newcomers: [] })
  })

  it('are covered by the loss of a zone only if they start in that zone', () => {
    const zone = { 'topology.kubernetes.io/zone': 'zone-b' }
    const stockOne = stockFault()
    const fault = withObject(stockOne, {
      ...stockOne.object,
      spec: { ...stockOne.object.spec, selector: { namespaces: ['casino'], nodeSelectors: zone } },
    })
    const on = (name: string, nodeName: string) => ({ ...pod(name), spec: { nodeName } })
    const nodes = [
      { metadata: { name: 'b-api', labels: zone } },
      { metadata: { name: 'a-api', labels: { 'topology.kubernetes.io/zone': 'zone-a' } } },
    ]
    const pods = [on('old', 'b-api'), on('lands-in-b', 'b-api'), on('lands-in-a', 'a-api')]
    const { newcomers, fault: second } = coverNewcomers(fault, { pods, nodes }, new Set(['casino/old']), 2)
    expect(newcomers).toEqual(['casino/lands-in-b'])
    expect(second?.object.spec.selector).toEqual({ pods: { casino: ['lands-in-b'] } })
  })
})
