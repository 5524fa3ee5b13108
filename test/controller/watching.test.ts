import { describe, expect, it } from 'vitest'
import { kubernetesCluster } from '../../src/adapters/kubernetes/cluster.ts'
import { kubernetesProbes } from '../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { createRecorder } from '../../src/controller/recorder.ts'
import { askedSources, startWatching } from '../../src/controller/watching.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { after, millis, seconds } from '../../src/domain/units.ts'
import { everythingPair, stockPair } from '../files/stock.ts'
import { smallApiServer } from '../support/small-api-server.ts'

describe('sources that a rule reads', () => {
  it('are those of witnesses, failovers and autoscalers, and those that count charges by outcome', () => {
    const { rehearsal, target } = stockPair()
    expect([...askedSources(rehearsal, target)].sort()).toEqual(['payments-api', 'psp-a', 'psp-b'])
  })

  it('are also those of reactions, pools and databases, and no others', () => {
    const { rehearsal, target } = everythingPair()
    expect([...askedSources(rehearsal, target)].sort()).toEqual(['payments-api', 'psp-a', 'wallet', 'wallet-db'])
  })
})

describe('alerts', () => {
  const RULES = '/api/v1/namespaces/monitoring/services/prometheus:9090/proxy/api/v1/rules'
  const alert = {
    state: 'firing',
    activeAt: '2026-11-29T12:00:00Z',
    labels: { alertname: 'PspDown', severity: 'page' },
  }
  const rule = {
    type: 'alerting',
    name: 'PspDown',
    health: 'ok',
    lastEvaluation: '2026-11-29T12:00:10Z',
    duration: 5,
    alerts: [alert],
  }
  const server = { kind: 'service', namespace: 'monitoring', service: 'prometheus', port: 9090 } as const

  /** What is read of them in five seconds. */
  async function readOf(rehearsal: Rehearsal, target: Target): Promise<readonly Evidence[]> {
    const api = await smallApiServer(({ path }) =>
      path === RULES ? { status: 'success', data: { groups: [{ interval: 15, rules: [rule] }] } } : undefined,
    )
    const records: Evidence[] = []
    const sink = { append: (record: Evidence) => void records.push(record), flush: async () => {} }
    const recorder = createRecorder(
      sink,
      systemClock,
      () => {},
      () => {},
    )
    const ports = {
      clock: systemClock,
      cluster: kubernetesCluster(api),
      probes: kubernetesProbes(api, systemClock),
    }
    const stopping = new AbortController()
    const watch = startWatching(ports, { rehearsal, target }, recorder, stopping.signal)
    await systemClock.until(after(systemClock.now(), seconds(5)))
    stopping.abort()
    await watch.stopped
    return records.filter(({ kind }) => kind === 'alerts-read')
  }

  const { rehearsal, target } = stockPair()
  const watched = { ...target, sources: {}, prometheus: { server, scrapeMs: millis(15_000), sources: {} } }
  const others = { kind: 'no-other-alerts', allow: [], at: { file: 'a.yaml', line: 1, column: 1 } } as const

  it('are read every two seconds where the rehearsal asks for them', async () => {
    const asking = { ...rehearsal, expectations: [...rehearsal.expectations, others] }
    const records = await readOf(asking, watched)
    expect(records.length).toBeGreaterThanOrEqual(2)
    expect(records.length).toBeLessThanOrEqual(4)
    expect(records[0]).toMatchObject({
      ok: true,
      active: [
        { alert: 'PspDown', labels: { severity: 'page' }, state: 'firing', activeAt: Date.parse(alert.activeAt) },
      ],
    })
  })

  it('are not read where it does not', async () => {
    expect(await readOf(rehearsal, watched)).toEqual([])
  })
})
