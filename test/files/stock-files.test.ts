import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { dialReachOf } from '../../src/controller/posture.ts'
import { postureWants } from '../../src/domain/posture.ts'
import { millis } from '../../src/domain/units.ts'
import { checkFit } from '../../src/files/fit.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget, targetPath } from '../../src/files/target.ts'
import { databaseMetrics, platformMetrics } from '../../src/wire/metrics.ts'
import {
  codesOf,
  type Edit,
  type Edits,
  EVERYTHING,
  everythingPair,
  parseStock,
  parseStockTarget,
  printed,
  REHEARSAL,
  stockFiles,
  stockPair,
  TARGET,
} from './stock.ts'

describe('every rehearsal of the project', () => {
  const files = { read: (path: string) => readFileSync(path, 'utf8') }
  it.each(globSync('scenarios/*.rehearsal.yaml'))('fits the example of a staging cluster: %s', (path) => {
    const staging = parseTarget(files, 'scenarios/targets/staging-eu.example.yaml')
    if (!staging.ok) throw new Error(codesOf(staging).join())
    expect(codesOf(parseRehearsal(files, path, staging.value))).toEqual([])
  })

  it.each(globSync('{scenarios,test/canary,test/detection,bench}/**/*.rehearsal.yaml'))(
    'is without issues: %s',
    (path) => {
      // A platform of another shape has a target file of its own, which the rehearsal names in its first lines.
      const [, own = 'scenarios/targets/lab.yaml'] = / --target (\S+)/.exec(files.read(path)) ?? []
      const target = parseTarget(files, own)
      if (!target.ok) throw new Error(codesOf(target).join())
      expect(codesOf(parseRehearsal(files, path, target.value))).toEqual([])
    },
  )
})

describe('the stock rehearsal', () => {
  it('is read with all its values', () => {
    const { rehearsal } = stockPair()
    expect(rehearsal).toMatchObject({
      name: 'psp-down-at-peak',
      contexts: ['lab', 'staging-eu'],
      load: { script: 'scenarios/promo-peak.ts', arrivals: { login: 24, deposit: 22, bet: 14 } },
      blastRadius: { pods: { kind: 'share', of: 0.5 }, zones: 1 },
      phases: [
        { name: 'baseline', rampMs: 5000, forMs: 20_000, factor: 1 },
        { name: 'promo peak', rampMs: 10_000, forMs: 90_000, factor: 2.5 },
        { name: 'recovery', rampMs: 5000, forMs: 30_000, factor: 1 },
      ],
      slos: [
        { kind: 'availability', sli: 'login', objective: 0.999 },
        { kind: 'availability', sli: 'deposit', objective: 0.9985 },
        { kind: 'latency', sli: 'api', quantile: 0.95, targetMs: 250, ceilingMs: 400 },
        { kind: 'latency', sli: 'ws-rtt', quantile: 0.95, targetMs: 120, ceilingMs: 120 },
      ],
      guardrails: [{ id: 'deposit-below-90%', sli: 'deposit', below: 0.9, forMs: 10_000 }],
    })
    expect(rehearsal.expectations.map(({ kind }) => kind)).toEqual(['autoscaler', 'disruption', 'ledger'])
    expect(rehearsal.faults[0]).toMatchObject({
      name: 'psp-a down',
      apply: 'chaos/psp-down.yaml',
      object: { kind: 'NetworkChaos', metadata: { namespace: 'casino' } },
      witness: { metric: 'psp_requests_total', of: 'psp-a', becomes: 0, withinMs: 2000 },
      at: { file: REHEARSAL, line: 23 },
    })
  })

  it('needs the source that shows which member of a database takes writes', () => {
    const { rehearsal, target } = everythingPair()
    const { 'wallet-db': _, ...sources } = target.sources
    expect(checkFit(rehearsal, { ...target, sources })).toMatchObject([
      { code: 'unknown-source', problem: expect.stringContaining('no source "wallet-db"') },
    ])
  })

  it('lists only metrics that the platform exposes, as the target file of the lab does', () => {
    const lab = parseTarget({ read: (file) => readFileSync(file, 'utf8') }, 'scenarios/targets/lab.yaml')
    if (!lab.ok) throw new Error(codesOf(lab).join())
    const families: readonly string[] = [...Object.values(platformMetrics), ...Object.values(databaseMetrics)]
    const exposed = [...families, ...['sum', 'count'].map((part) => `${platformMetrics.requestSeconds}_${part}`)]
    const listed = [stockPair().target, lab.value].flatMap(({ sources }) =>
      Object.values(sources).flatMap(({ metrics }) => metrics),
    )
    expect(listed.filter((metric) => !exposed.includes(metric))).toEqual([])
  })

  it('may expect an autoscaler to follow a fault or an action', () => {
    const inRecovery: readonly [string, string] = ['on: promo peak', 'on: recovery']
    const action =
      'actions: [{name: flip, during: recovery, at: 1s, flag: {configMap: features, key: promo, value: "off"}}]'
    const edits: Edits = { [REHEARSAL]: [inRecovery, ['  expect:\n    - auto', `  ${action}\n  expect:\n    - auto`]] }
    expect(codesOf(parseStock(edits))).toEqual([])
    expect(codesOf(parseStock({ [REHEARSAL]: [inRecovery] }))).toEqual([
      expect.stringMatching(/^expectation-unobservable/),
    ])
  })

  it('may not set a variable of its script that is a credential of the target', () => {
    const { rehearsal, target } = stockPair()
    const from = { kind: 'env', name: 'SHOP_TOKEN' } as const
    const locked = { ...target, credentials: { TOKEN: { at: { file: 'x', line: 1, column: 1 }, from } } }
    const setting = (env: Readonly<Record<string, string>>) =>
      checkFit({ ...rehearsal, load: { ...rehearsal.load, env } }, locked).map(({ code, problem }) => [code, problem])
    expect(setting({ OTHER: 'x' })).toEqual([])
    expect(setting({ OTHER: 'x', TOKEN: 'y' })).toEqual([
      ['duplicate-name', 'load.env sets TOKEN, which is a credential of scenarios/targets/lab.yaml.'],
    ])
  })

  it('may use anchors', () => {
    const anchored: Edits = {
      [REHEARSAL]: [
        ['{sli: login, objective: 99.9%}', '{sli: login, objective: &high 99.9%}'],
        ['objective: 99.85%', 'objective: *high'],
      ],
    }
    const parsed = parseStock(anchored)
    expect(parsed.ok && parsed.value.slos[1]).toMatchObject({ sli: 'deposit', objective: 0.999 })
  })
})

describe('a rehearsal with one of everything', () => {
  it('is read with all its actions', () => {
    const { rehearsal } = everythingPair()
    expect(rehearsal.actions.map(({ act }) => act)).toEqual([
      { kind: 'taint', nodes: { zone: 'zone-b' }, key: 'matchday.dev/zone-lost', effect: 'NoSchedule' },
      { kind: 'drain', nodes: { pool: 'api', atMost: 1 } },
      { kind: 'power-off', nodes: { zone: 'zone-c' } },
      { kind: 'scale', workload: { kind: 'Deployment', name: 'wallet' }, replicas: 1 },
      { kind: 'scale', workload: { kind: 'StatefulSet', name: 'wallet-db' }, replicas: 3 },
      { kind: 'rollout', workload: { kind: 'Deployment', name: 'gateway' } },
      {
        kind: 'release',
        shape: 'rolling',
        workload: { kind: 'Deployment', name: 'wallet' },
        images: { wallet: 'registry.example/wallet:2' },
        annotations: { 'checksum/config': '3f1c' },
        withinMs: 8000,
        backWithinMs: 20_000,
      },
      { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' },
      { kind: 'promote', database: 'wallet-db', to: 'wallet-db-1' },
    ])
    expect(rehearsal.actions.map(({ forMs }) => forMs)).toEqual([
      20_000,
      undefined,
      20_000,
      5000,
      5000,
      undefined,
      10_000,
      10_000,
      40_000,
    ])
  })

  it('is read with all its witnesses, reactions, expectations and guardrails', () => {
    const { rehearsal } = everythingPair()
    expect(rehearsal.faults.map(({ witness }) => witness)).toMatchObject([
      { kind: 'rate', direction: 'falls', where: { operation: 'charge' }, becomes: 0 },
      { kind: 'rate', direction: 'rises', where: { outcome: 'error' }, becomes: 5 },
      { kind: 'ready', what: 'pods', app: 'gateway', zone: 'zone-b', becomes: 0 },
    ])
    const reactions = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ expect }) => expect)
    expect(reactions).toMatchObject([
      { kind: 'backs-off', where: { psp: 'psp-a' }, becomes: 1 },
      { kind: 'amplification', atMost: 1.5 },
      { kind: 'undisturbed', badMax: 0 },
      { kind: 'reconnects', share: 0.99, herdMax: 30 },
      { kind: 'survives', app: 'gateway', ready: 2 },
      { kind: 'spreads', zones: 3 },
      { kind: 'completes', withinMs: 30_000 },
      { kind: 'declares', withinMs: 60_000 },
      { kind: 'mitigates', withinMs: 90_000 },
      { kind: 'ticks', step: 'call the owner', withinMs: 120_000 },
      { kind: 'ticks', step: 'scale up', withinMs: 120_000 },
      { kind: 'completes', withinMs: 20_000 },
      { kind: 'recovers', sli: 'login' },
      { kind: 'promotes', database: 'wallet-db', sli: 'deposit', rtoMs: 20_000 },
    ])
    expect(rehearsal.expectations).toMatchObject([
      { kind: 'autoscaler', calms: { withinMs: 50_000, turnsMax: 2 } },
      { kind: 'keda', scaledObject: 'payout-worker', idleWithinMs: 60_000 },
      { kind: 'connections', metric: 'http_requests_total', where: { code: '200' }, pods: 'sum', atMost: 40 },
      { kind: 'ledger' },
      { kind: 'posture', namespaces: ['casino', 'providers'], wants: postureWants },
      { kind: 'human', reactions: [{ kind: 'declares', withinMs: 60_000 }] },
    ])
    expect(rehearsal.reaches).toMatchObject([
      { kind: 'at-maximum', autoscaler: 'payments-api', phase: 'promo peak' },
      { kind: 'gauge', metric: 'http_requests_total', where: { code: '503' }, of: 'wallet', pods: 'max', atLeast: 100 },
      { kind: 'rate', metric: 'payments_charges_total', of: 'payments-api', atLeast: 50, phase: 'promo peak' },
    ])
    expect(rehearsal.guardrails[1]).toMatchObject({
      kind: 'burn',
      id: 'deposit-burns-100x',
      objective: 0.9985,
      factor: 100,
      longMs: 30_000,
      shortMs: 5000,
    })
  })

  it.each([
    [
      'promotion of nothing',
      'database: wallet-db',
      'database: db',
      ['unknown-database:64', 'unknown-database:70', 'unknown-source:70'],
    ],
    [
      'breaker that nobody shows',
      'circuitOpens: {rate: payments_charges_total',
      'circuitOpens: {rate: calls',
      ['unknown-metric:26'],
    ],
    ['attempts that no source counts', 'attempts: payments_charges_total', 'attempts: tries', ['unknown-metric:27']],
    [
      'state of a source that is not there',
      "{code: '503'}, of: wallet",
      "{code: '503'}, of: vault",
      ['unknown-source:97'],
    ],
    [
      'state of a gauge that nobody shows',
      "{gauge: http_requests_total, where: {code: '503'}",
      "{gauge: depth, where: {code: '503'}",
      ['unknown-metric:97'],
    ],
    [
      'connections of an unknown source',
      "{code: '200'}, of: wallet",
      "{code: '200'}, of: vault",
      ['unknown-source:74'],
    ],
  ])('does not fit a target that lacks what it names: %s', (_, from, to, issues) => {
    const files = stockFiles({ [EVERYTHING]: [[from, to]] })
    const text = (files.get(EVERYTHING) ?? '').replaceAll(from, to)
    const read = (path: string) => (path === EVERYTHING ? text : files.get(path))
    expect(codesOf(parseRehearsal({ read }, EVERYTHING, everythingPair().target))).toEqual(issues)
  })
})

describe('a stream to clients', () => {
  const expected: Edit = ['    - ledger: reconciled', '    - delivered: {stream: bet-results, within: 3s}']
  const streams = 'streams: {bet-results: {book: wallet, operation: settlement}}'
  const pair = (text: string) => stockPair({ [REHEARSAL]: [expected], [TARGET]: [['  books:', `  ${text}\n  books:`]] })

  it('is read, and the target file says where it is booked', () => {
    const { rehearsal, target } = pair(streams)
    expect(rehearsal.expectations.at(-1)).toMatchObject({ kind: 'delivered', stream: 'bet-results', withinMs: 3000 })
    expect(target.streams).toEqual({ 'bet-results': { book: 'wallet', operation: 'settlement' } })
    expect(checkFit(rehearsal, target)).toEqual([])
  })

  it.each<[string, string, string]>([
    ['the target file does not have it', 'streams: {}', 'unknown-stream'],
    ['its book is not listed', streams.replace('wallet', 'vault'), 'no-books'],
  ])('does not fit if %s', (_, text, code) => {
    const { rehearsal, target } = pair(text)
    expect(checkFit(rehearsal, target).map((issue) => issue.code)).toEqual([code])
  })
})

describe('a rate that must be reached', () => {
  it('is refused in a phase that is shorter than the time over which it is measured', () => {
    const { rehearsal, target } = everythingPair()
    const [first, ...rest] = rehearsal.phases
    const phases = [{ ...first, name: 'spike', rampMs: millis(0), forMs: millis(4000) }, ...rest] as const
    const state = rehearsal.reaches?.find(({ kind }) => kind === 'rate')
    if (state === undefined) throw new Error('the file requires no rate')
    const asked = (phase: string) => checkFit({ ...rehearsal, phases, reaches: [{ ...state, phase }] }, target)
    expect(asked('promo peak')).toEqual([])
    expect(asked('spike')).toMatchObject([
      { code: 'expectation-unobservable', problem: expect.stringContaining('measured over 5s, and "spike" lasts 4s') },
    ])
  })
})

describe('people', () => {
  it('are expected to react only to a fault or an action', () => {
    const files = stockFiles({})
    const stock = files.get(REHEARSAL) ?? ''
    const human = '  expect:\n    - human: {declared: 1m}\n'
    const parsed = (text: string) =>
      printed(parseRehearsal({ read: (path) => (path === REHEARSAL ? text : files.get(path)) }, REHEARSAL)).join('\n')
    expect(parsed(stock.replace('  expect:\n    - auto', `${human}    - auto`))).not.toContain('react')
    const quiet = stock.replace(/ {2}faults:[\s\S]*? {2}expect:\n(?= {4}- auto)/, human)
    expect(parsed(quiet)).toContain('There is no fault and no action to which people could react.')
  })
})

describe('a target file', () => {
  it('is beside the rehearsal under the name of its context', () => {
    expect(targetPath('scenarios/x.rehearsal.yaml', 'lab')).toBe('scenarios/targets/lab.yaml')
    expect(targetPath('x.rehearsal.yaml', 'arn:aws:eks:eu/../prod')).toBe('targets/arn-aws-eks-eu-..-prod.yaml')
  })

  it('gets the defaults of Kubernetes for what it leaves out', () => {
    const parsed = parseStockTarget({
      [TARGET]: [
        ['  hpaSync: 2s\n', '  injectionBudget: 30s\n'],
        ['  loadFactor: 1x\n', ''],
      ],
    })
    const wanted = { hpaSyncMs: 15_000, injectionBudgetMs: 30_000, loadFactor: 1, addresses: {} }
    expect(parsed.ok && parsed.value).toMatchObject(wanted)
    expect(parsed.ok && parsed.value.sources['psp-a']?.path).toBe('/metrics')
  })

  it('names how far pods dial: the namespaces of its sources and books, and its endpoints', () => {
    const parsed = parseStockTarget({
      [TARGET]: [['  books:', '  endpoints: {psp-a: ["203.0.113.7:443"], psp-b: ["203.0.113.8:8443"]}\n  books:']],
    })
    expect(parsed.ok && dialReachOf(parsed.value)).toEqual({
      namespaces: ['casino', 'providers'],
      endpoints: [
        { name: 'psp-a', ip: '203.0.113.7', port: 443 },
        { name: 'psp-b', ip: '203.0.113.8', port: 8443 },
      ],
    })
  })

  it('gets its entry without a slash at the end', () => {
    const parsed = parseStockTarget({ [TARGET]: [['127.99.0.1:8080', '127.99.0.1:8080/']] })
    expect(parsed.ok && parsed.value.entry).toBe('http://127.99.0.1:8080')
  })
})

describe('a rehearsal that does not fit its target', () => {
  it.each([
    ['a context that is not allowed', { [TARGET]: [['context: lab', 'context: prod']] }, ['context-not-allowed:0']],
    ['a witness of an unknown source', { [REHEARSAL]: [['of: psp-a', 'of: psp-c']] }, ['unknown-source:28']],
    [
      'a witness that does not count this',
      { [REHEARSAL]: [['rate: psp_requests_total', 'rate: psp_calls_total']] },
      ['unknown-metric:28'],
    ],
    [
      'a failover without a counter',
      { [TARGET]: [['[payments_charges_total, payments_breaker_state', '[payments_breaker_state']] },
      ['unknown-metric:30'],
    ],
    [
      'a trigger on a metric that its source does not have',
      { [REHEARSAL]: [['at: 30s', 'when: {gauge: psp_lag, pods: sum, of: psp-a, rises: 100, by: 30s}']] },
      ['unknown-metric:25'],
    ],
    [
      'a trigger that is armed for less time than a rate takes',
      { [REHEARSAL]: [['at: 30s', 'when: {rate: psp_requests_total, of: psp-a, rises: 9/s, from: 20s, by: 22s}']] },
      ['expectation-unobservable:25'],
    ],
    ['a failover to an unknown provider', { [REHEARSAL]: [['to: psp-b', 'to: psp-z']] }, ['unknown-source:30']],
    [
      'a failover whose second provider has no counter',
      { [TARGET]: [['providers: [psp-a, psp-b]', 'providers: [psp-a]']] },
      ['unknown-provider:30'],
    ],
    [
      'a budget shorter than two scrapes of Prometheus',
      {
        [TARGET]: [
          [
            '  books:',
            "  prometheus: {url: 'http://p', scrapeInterval: 15s, sources: {carrier: {calls_total: 'calls_total'}}}\n  books:",
          ],
        ],
        [REHEARSAL]: [['rate: psp_requests_total, of: psp-a', 'rate: calls_total, of: carrier']],
      },
      // The witness, and the fault itself: it lasts 25 s.
      ['budget-unseen:28', 'budget-unseen:28'],
    ],
    ['a ledger without books', { [TARGET]: [['  books:', '  addresses: {}\n#']] }, ['no-books:35']],
  ] as const)('%s is told', (title, edits: Edits, issues) => {
    const files = stockFiles(edits)
    if (title.includes('books')) files.set(TARGET, (files.get(TARGET) ?? '').replace(/ {4}- \{book.*\n/g, ''))
    const target = parseTarget({ read: (path) => files.get(path) }, TARGET)
    if (!target.ok) throw new Error(codesOf(target).join())
    expect(codesOf(parseRehearsal({ read: (path) => files.get(path) }, REHEARSAL, target.value))).toEqual(issues)
  })
})
