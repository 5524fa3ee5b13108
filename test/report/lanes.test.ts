import { describe, expect, it } from 'vitest'
import type { PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { judge } from '../../src/judge/judge.ts'
import type { Chart } from '../../src/report/chart.ts'
import { createViewing, type RunView } from '../../src/report/view.ts'
import { evidence, mapped, secondAt, toBad, toDropped } from '../support/evidence.ts'
import { everything } from '../support/evidence-everything.ts'

function viewOf(records: readonly Evidence[]): RunView {
  const view = createViewing()
  for (const record of records) view.add(record)
  const result = view.result()
  if (!result) throw new Error('nothing to see')
  return result
}

const records = everything()
const view = viewOf(records)
const charts = view.charts(judge(records))
const chart = (id: string, all: readonly Chart[] = charts): Chart => {
  const found = all.find((each) => each.id === id)
  if (!found) throw new Error(`no chart ${id} among ${all.map((each) => each.id).join(', ')}`)
  return found
}
const row = (id: string, name: string) => {
  const found = chart(id).rows?.find((each) => each.name === name)
  if (!found) throw new Error(`no row ${name} in ${id}`)
  return found
}
const line = (id: string, name: string, all: readonly Chart[] = charts) => {
  const found = chart(id, all).lines.find((each) => each.name === name)
  if (!found) throw new Error(`no line ${name} in ${id}`)
  return found
}
const valueAt = (points: readonly (readonly [number, number])[], at: number) =>
  points.findLast(([seconds]) => seconds <= at)?.[1]

describe('the lanes of a run', () => {
  it('are in a fixed order, plan first and generator last, each with its own name and a sentence', () => {
    expect(charts[0]?.id).toBe('plan')
    expect(charts.at(-1)?.id).toBe('generator')
    expect(new Set(charts.map((each) => each.id)).size).toBe(charts.length)
    for (const each of charts) expect(each.caption, each.id).toMatch(/\.$/)
  })

  it('letter faults and actions by their planned time', () => {
    expect(view.harms.map(({ letter, name }) => `${letter} ${name}`)).toEqual([
      'A drain a node',
      'B roll out gateway',
      'C psp-a down',
      'D zone-c lost',
      'E promote db-b',
      'F widget off',
    ])
  })

  it('draw nothing of a run whose load never started', () => {
    const early = records.filter((record) => record.at < secondAt(0) && record.kind !== 'load-started')
    expect(viewOf(early).charts(judge(early))).toEqual([])
  })
})

describe('the plan', () => {
  it('has the planned bar, the actual bar, and a tick for each refused eviction', () => {
    const drain = row('plan', 'A drain a node')
    expect(drain.spans?.map(({ look, from, to }) => [look, from, to])).toEqual([
      ['planned', 40, 60],
      ['action', 40, 46],
      ['action-edge', 46, 60.2],
    ])
    expect(drain.ticks?.map((each) => each.at)).toEqual([41.2, 42.2, 43.2])
    expect(drain.words).toBe('drain 1 node of zone-b in pool api')
  })

  it('shows the recovery after a fault as it was judged', () => {
    // The action is done at 105.5; the last bad deposit was in the frame that ends a second and a half later.
    const promoted = row('plan', 'E promote db-b')
    expect(promoted.spans?.at(-1)).toMatchObject({ look: 'tail', from: 105.5 })
    expect(promoted.spans?.at(-1)?.to).toBeCloseTo(107, 0)
    expect(promoted.words).toContain('recovered 1.5 s after it')
  })

  it('says that a fault that was never requested never began', () => {
    const cut = records.filter((record) => record.kind !== 'fault-step' || record.fault !== 'zone-c lost')
    const plan = chart('plan', viewOf(cut).charts(judge(cut)))
    expect(plan.caption).toContain('D zone-c lost never began')
  })
})

describe('the zones', () => {
  it('count Ready pods by the zone of their node, and mark a zone without any', () => {
    const steps = row('zones', 'zone-c').steps ?? []
    expect([0, 69.3, 80, 95].map((at) => valueAt(steps, at))).toEqual([4, 2, 0, 4])
    expect(row('zones', 'zone-c').noneIsBad).toBe(true)
  })

  it('do not count a pod that is being deleted', () => {
    const deleting = records.map(
      (record): Evidence =>
        record.kind === 'object-seen' &&
        record.object.resource === 'Pod' &&
        record.object.name.startsWith('gateway-zone-b')
          ? { ...record, object: { ...record.object, deleting: true } }
          : record,
    )
    const zones = chart('zones', viewOf(deleting).charts(judge(deleting)))
    const zoneB = zones.rows?.find((each) => each.name === 'zone-b')?.steps ?? []
    expect(valueAt(zoneB, 10)).toBe(1)
  })

  it('say once what is wrong with a node: cordoned, without the taint that belongs to it', () => {
    expect(row('zones', 'zone-b nodes').spans).toEqual([{ from: 40.1, to: 60, look: 'warn', text: '1/2 cordoned' }])
    expect(row('zones', 'zone-c nodes').spans?.map((each) => each.text)).toEqual(['1/2 not Ready', '2/2 not Ready'])
  })

  it('count pods without a node', () => {
    expect(Math.max(...(row('zones', 'without a node').steps ?? []).map(([, value]) => value))).toBe(3)
  })
})

describe('new nodes and the warm pool', () => {
  const at = (seconds: number) => secondAt(seconds)
  const node = (
    name: string,
    seconds: number,
    ready: boolean,
    change: 'present' | 'added' | 'modified' | 'deleted',
  ): Evidence => ({
    kind: 'object-seen',
    at: at(seconds),
    change,
    object: {
      resource: 'Node',
      namespace: '',
      name,
      uid: name,
      zone: 'zone-b',
      pool: 'api',
      ready,
      unschedulable: false,
      taints: [],
    },
  })
  const warm = (name: string, seconds: number, changes: Partial<PodSeen> = {}): Evidence => ({
    kind: 'object-seen',
    at: at(seconds),
    change: 'modified',
    object: {
      resource: 'Pod',
      namespace: 'casino',
      name,
      uid: name,
      app: 'warm',
      labels: {},
      podPhase: 'Running',
      ready: true,
      deleting: false,
      restarts: 0,
      node: 'node-b',
      priority: -10,
      ...changes,
    },
  })
  const drawn = (...more: readonly Evidence[]) => {
    const all = [...records, ...more].sort((a, b) => a.at - b.at)
    return viewOf(all)
      .charts(judge(all))
      .find(({ id }) => id === 'nodes')
  }

  it('are no chart where there are none', () => {
    expect(drawn()).toBeUndefined()
    expect(drawn(node('node-x', 20, false, 'present'), node('node-x', 40, true, 'modified'))).toBeUndefined()
  })

  it('show how long each node took until it was Ready, and one that never was', () => {
    const seen = drawn(
      node('n1', 20, false, 'added'),
      node('n2', 30, false, 'added'),
      node('n1', 41, true, 'modified'),
      node('n1', 50, false, 'modified'),
    )
    expect(seen?.caption).toBe('2 new nodes. Ready after 21 s. 1 node not seen Ready.')
    const steps = seen?.rows?.[0]?.steps ?? []
    expect([25, 35, 45, 60].map((each) => valueAt(steps, each))).toEqual([1, 2, 1, 1])
  })

  it('are not waited for when they are gone', () => {
    const seen = drawn(node('n1', 20, false, 'added'), node('n1', 30, false, 'deleted'))
    const steps = seen?.rows?.[0]?.steps ?? []
    expect([25, 35].map((each) => valueAt(steps, each))).toEqual([1, 0])
  })

  it('show the places of the warm pool, and each one that is taken', () => {
    const seen = drawn(
      warm('w1', 10),
      warm('w2', 10),
      warm('w3', 10, { node: 'node-c', priority: 0 }),
      warm('w1', 30, { deleting: true }),
    )
    expect(seen?.caption).toBe('Warm pool: 1 to 2 places.')
    const steps = seen?.rows?.[0]?.steps ?? []
    expect([20, 40].map((each) => valueAt(steps, each))).toEqual([2, 1])
  })
})

describe('disruption budgets', () => {
  it('show the allowed disruptions and every granted or refused eviction', () => {
    expect(valueAt(row('disruption', 'gateway').steps ?? [], 41.5)).toBe(0)
    expect(row('disruption', 'evicted').ticks).toHaveLength(2)
    expect(row('disruption', 'refused').ticks).toHaveLength(3)
    expect(chart('disruption').caption).toContain('2 pods evicted, 3 evictions refused.')
  })
})

describe('KEDA', () => {
  it('is shown beside its HPA: wanted, Ready, trigger, and the external metric relative to its target', () => {
    const id = 'replicas-payout-worker'
    expect([30, 43, 155].map((at) => valueAt(line(id, 'wanted by KEDA’s HPA').points, at))).toEqual([0, 3, 0])
    expect([30, 47, 155].map((at) => valueAt(line(id, 'ready').points, at))).toEqual([0, 3, 0])
    expect(valueAt(line(id, 'External/s0-postgresql ÷ target (right axis)').points, 43)).toBe(3.1)
    expect(row(id, 'KEDA active').spans).toMatchObject([{ from: 36, to: 130 }])
    expect(chart(id).marks?.map((each) => each.text)).toEqual(['active +11.0 s', 'first pod +13.0 s', 'ready +21.0 s'])
  })
})

describe('sockets', () => {
  it('are in the lane of the round trip: open ones on the right axis, lost and reconnected ones as ticks', () => {
    const id = 'latency-ws-rtt'
    expect(line(id, 'open sockets (right axis)').axis).toBe('right')
    expect(row(id, 'lost').ticks).toMatchObject([{ text: '33 lost or refused' }])
    const back = row(id, '(re)connected').ticks?.filter((each) => each.at > 60) ?? []
    expect(back.length).toBeGreaterThan(5)
    expect(chart(id).caption).toContain('33 were lost or refused')
  })
})

describe('sockets that are refused', () => {
  it('are counted as lost too', () => {
    const refused = mapped(records, 'load-frame', (frame) => ({
      ...frame,
      ...(frame.sockets ? { sockets: { ...frame.sockets, failed: frame.at > secondAt(120) ? 7 : 0 } } : {}),
    }))
    expect(chart('latency-ws-rtt', viewOf(refused).charts(judge(refused))).caption).toContain('40 were lost or refused')
  })
})

describe('a database that moves', () => {
  it('shows its members, the promoted one, the time until answers were good again, and the result for RPO', () => {
    expect(row('databases', 'wallet-db-a-0').spans?.map((each) => each.text)).toEqual(['Ready', 'not Ready', 'Ready'])
    expect(row('databases', 'wallet-db role').spans?.map((each) => each.text)).toEqual([
      'promoting wallet-db-b-0',
      'wallet-db-b-0 is primary',
    ])
    const writers = chart('databases').rows?.filter((each) => each.name === 'takes writes')
    expect(writers?.flatMap((each) => each.spans)).toMatchObject([
      { text: 'wallet-db-a-0 is primary', from: 0.2, to: 97.2 },
      { text: 'wallet-db-b-0 is primary', from: 104.2 },
    ])
    expect(row('databases', 'RTO').spans).toMatchObject([{ text: 'E 8.0 s' }])
    expect(chart('databases').caption).toContain('RPO 0')
  })
})

describe('bad answers', () => {
  it('are grouped by indicator and reason, with their seconds', () => {
    expect(chart('errors').caption).toBe('ws-rtt dropped 120 times, deposit http-503 96 times.')
    const ticks = row('errors', 'deposit http-503').ticks ?? []
    expect(ticks).toHaveLength(8)
    expect(ticks[0]).toMatchObject({ at: 99.99, text: '12 bad', share: 1 })
  })
})

describe('the error budget', () => {
  it.each([
    ['a healthy run', evidence()],
    ['bad deposits', evidence({ load: (second, load) => second > 60 && second < 70 && toBad(load.deposit, 1) })],
    [
      'arrivals dropped',
      evidence({ load: (second, load) => second > 60 && second < 63 && toDropped(load, 'deposit', 2) }),
    ],
    ['slow answers', evidence({ load: (second, load) => second > 40 && Object.assign(load.login, { slow: 2 }) })],
  ])('of %s ends at the value of the verdict', (_, told) => {
    const judgment = judge(told)
    const drawn = viewOf(told).charts(judgment)
    const left = chart('error-budget', drawn).lines.map((each) => each.points.at(-1)?.[1] ?? Number.NaN)
    expect(left).toHaveLength(judgment.slos.length)
    for (const [index, slo] of judgment.slos.entries()) expect(left[index]).toBeCloseTo(100 * (1 - slo.budgetUsed), 6)
  })

  it('burns at the share of bad attempts divided by the share that the objective allows', () => {
    const burn = line('burn-rate', 'deposit').points
    // From the sixth second on, twelve of 55 arrivals a second are bad for five seconds.
    expect(valueAt(burn, 104.5)).toBeCloseTo(12 / 55 / 0.0015, 0)
    expect(chart('burn-rate').limits.map((each) => each.value)).toEqual([1, 200])
  })
})

describe('a gauge with a limit', () => {
  it('is summed over the pods that hold it', () => {
    expect(valueAt(line('connections-wallet-wallet_pool_connections-sum', 'wallet_pool_connections').points, 108)).toBe(
      18,
    )
  })
})

describe('two instances of the load generator', () => {
  it('are added up in load and in sockets', () => {
    const twice = mapped(evidence(), 'load-frame', (frame) => frame).flatMap((record): Evidence[] =>
      record.kind === 'load-frame' ? [record, { ...record, instance: 'k6-2', at: instant(record.at + 10) }] : [record],
    )
    const drawn = viewOf(twice).charts(judge(twice))
    const once = viewOf(evidence()).charts(judge(evidence()))
    const at = 60
    const single = valueAt(line('load', 'run', once).points, at) ?? 0
    expect(valueAt(line('load', 'run', drawn).points, at)).toBeCloseTo(2 * single, 5)
    expect(valueAt(line('latency-ws-rtt', 'open sockets (right axis)', drawn).points, at)).toBe(200)
  })
})
