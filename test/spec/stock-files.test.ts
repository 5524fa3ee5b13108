import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compositeIndicators } from '../../src/domain/indicators.ts'
import { parseRehearsal } from '../../src/spec/rehearsal.ts'
import { parseTarget, targetPath } from '../../src/spec/target.ts'
import { compositeSlis, platformMetrics } from '../../src/wire/metrics.ts'
import { codesOf, type Edits, parseStock, parseStockTarget, REHEARSAL, stockFiles, stockPair, TARGET } from './stock.ts'

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

  it('fits the lab, and the example of a staging cluster', () => {
    const { rehearsal } = stockPair()
    for (const path of [TARGET, 'scenarios/targets/staging-eu.example.yaml']) {
      const target = parseTarget({ read: (file) => readFileSync(file, 'utf8') }, path)
      if (!target.ok) throw new Error(codesOf(target).join())
      const files = stockFiles()
      expect(codesOf(parseRehearsal({ read: (file) => files.get(file) }, REHEARSAL, target.value))).toEqual([])
      expect(rehearsal.contexts).toContain(target.value.context)
    }
  })

  it('lists only metrics that the platform exposes', () => {
    const { target } = stockPair()
    const exposed: readonly string[] = Object.values(platformMetrics)
    const listed = Object.values(target.sources).flatMap(({ metrics }) => metrics)
    expect(listed.filter((metric) => !exposed.includes(metric))).toEqual([])
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

  it('knows the unions that the scenarios know', () => {
    expect(compositeIndicators).toEqual(compositeSlis)
  })
})

describe('a target file', () => {
  it('lies beside the rehearsal under the name of its context', () => {
    expect(targetPath('scenarios/x.rehearsal.yaml', 'lab')).toBe('scenarios/targets/lab.yaml')
    expect(targetPath('x.rehearsal.yaml', 'arn:aws:eks:eu/../prod')).toBe('targets/arn-aws-eks-eu-..-prod.yaml')
  })

  it('gets the defaults of Kubernetes where it says nothing', () => {
    const parsed = parseStockTarget({
      [TARGET]: [
        ['  hpaSync: 2s\n', ''],
        ['  loadFactor: 1x\n', ''],
      ],
    })
    expect(parsed.ok && parsed.value).toMatchObject({ hpaSyncMs: 15_000, loadFactor: 1, addresses: {} })
    expect(parsed.ok && parsed.value.sources['psp-a']?.path).toBe('/metrics')
  })

  it('has its entry without a slash at the end', () => {
    const parsed = parseStockTarget({ [TARGET]: [['127.99.0.1:8080', '127.99.0.1:8080/']] })
    expect(parsed.ok && parsed.value.entry).toBe('http://127.99.0.1:8080')
  })
})

describe('a rehearsal that does not fit its target', () => {
  it.each([
    ['a context that is not allowed', { [TARGET]: [['context: lab', 'context: prod']] }, ['context-not-allowed:0']],
    ['a witness that is nowhere', { [REHEARSAL]: [['of: psp-a', 'of: psp-c']] }, ['unknown-source:28']],
    [
      'a witness that does not count this',
      { [REHEARSAL]: [['rate: psp_requests_total', 'rate: psp_calls_total']] },
      ['unknown-metric:28'],
    ],
    ['a failover to nowhere', { [REHEARSAL]: [['to: psp-b', 'to: psp-z']] }, ['unknown-source:30']],
    ['a ledger without books', { [TARGET]: [['  books:', '  addresses: {}\n#']] }, ['no-books:35']],
  ] as const)('%s is told', (title, edits: Edits, issues) => {
    const files = stockFiles(edits)
    if (title.includes('books')) files.set(TARGET, (files.get(TARGET) ?? '').replace(/ {4}- \{book.*\n/g, ''))
    const target = parseTarget({ read: (path) => files.get(path) }, TARGET)
    if (!target.ok) throw new Error(codesOf(target).join())
    expect(codesOf(parseRehearsal({ read: (path) => files.get(path) }, REHEARSAL, target.value))).toEqual(issues)
  })
})
