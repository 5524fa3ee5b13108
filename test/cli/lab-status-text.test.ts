import { describe, expect, it } from 'vitest'
import { labStatusText } from '../../src/cli/lab-status-text.ts'
import type { LabState, OwnerStatus } from '../../src/lab/lab.ts'

const known: Partial<LabState> = { kubeconfig: '/lab/kubeconfig' }
const state = known as LabState
const up = (status: Partial<OwnerStatus>) => ({
  kind: 'up' as const,
  state,
  status: { phase: 'up' as const, components: [], stages: [], ...status },
})
const text = (...of: Parameters<typeof labStatusText>) => labStatusText(...of).map((line) => line.text)

describe('lab status', () => {
  it('says what runs, how long the stages of the boot took, and what was restarted', () => {
    const components = [
      { name: 'etcd', state: 'running' as const, restarts: 0 },
      { name: 'api-server', state: 'running' as const, restarts: 2, lastExit: 'SIGKILL' },
      { name: 'kubelet-a1', state: 'stopped' as const, restarts: 0 },
    ]
    const stages = [
      { name: 'etcd', startMs: 0, ms: 40 },
      { name: 'pods', startMs: 100, ms: 20_340 },
    ]
    const lines = text(up({ phase: 'degraded', components, stages }), { operator: { ready: 1, wanted: 2 } })
    expect(lines.slice(0, -1)).toEqual([
      'lab is degraded',
      'kubeconfig  /lab/kubeconfig',
      'pod network a preload in each Node process',
      'programs    2 of 3 running',
      '            api-server is running, restarted 2 times (last exit: SIGKILL)',
      '            kubelet-a1 is stopped',
      'booted      pods 20.3 s',
      'KEDA        operator 1/2',
    ])
    expect(lines.at(-1)).toMatch(/^not enforced in a lab.*memory limit/)
  })

  it('tells a dead lab from none', () => {
    expect(text({ kind: 'dead', state }, undefined)).toEqual(['the lab is dead; clean up with: matchday lab down'])
    expect(text({ kind: 'none' }, undefined)).toEqual([expect.stringMatching(/^no lab is up \(/)])
  })
})
