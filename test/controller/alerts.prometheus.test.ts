/** Alerts of a real Prometheus with a rule file. `npm run test:prometheus` builds it once (some four minutes); it is no part of `npm test`. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kubernetesProbes } from '../../src/adapters/metrics/probes.ts'
import { systemClock } from '../../src/cli/clock.ts'
import { lookAtAlerts } from '../../src/controller/alert-sight.ts'
import { createAlertReader } from '../../src/controller/alerts.ts'
import type { AlertReaction, AlertsRead } from '../../src/domain/alert.ts'
import type { PrometheusTarget, Rehearsal } from '../../src/domain/rehearsal.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { rehearsal, target } from '../support/evidence-rehearsal.ts'
import { type RealPrometheus, type Scraped, scraped, startPrometheus } from '../support/real-prometheus.ts'
import { smallApiServer } from '../support/small-api-server.ts'

const SCRAPE_MS = 500
/** What the scraped service shows: changed by the tests. */
const shop = { failing: 0 }
let service: Scraped
let prometheus: RealPrometheus

const RULES = {
  groups: [
    {
      name: 'shop',
      interval: '1s',
      rules: [
        { alert: 'CheckoutFails', expr: 'checkout_failing > 0', for: '2s', labels: { severity: 'page' } },
        { alert: 'Watchdog', expr: 'vector(1)' },
        { alert: 'Broken', expr: 'label_replace(up, "x", "$1", "job", "(")' },
      ],
    },
  ],
}

beforeAll(async () => {
  service = await scraped(() => `# TYPE checkout_failing gauge\ncheckout_failing ${shop.failing}\n`)
  prometheus = await startPrometheus(SCRAPE_MS, [service], RULES)
}, 1_200_000)

afterAll(async () => {
  await prometheus.stop()
  await service.stop()
})

const at = { file: 'a.yaml', line: 9, column: 1 }
const place = (url = prometheus.url): PrometheusTarget => ({
  server: { kind: 'url', url },
  scrapeMs: millis(SCRAPE_MS),
  sources: {},
})
const expecting = (...expected: readonly AlertReaction[]): Rehearsal => {
  const [fault] = rehearsal.faults
  if (fault === undefined) throw new Error('the stock run has a fault')
  return { ...rehearsal, faults: [{ ...fault, expect: expected }] }
}
const fires: AlertReaction = { kind: 'alerts', alert: 'CheckoutFails', labels: {}, withinMs: seconds(20), at }
const probes = async () => kubernetesProbes(await smallApiServer(() => undefined), systemClock)
const reader = async (rehearsal: Rehearsal) =>
  createAlertReader({ probes: await probes(), clock: systemClock }, rehearsal, place())

async function until(read: () => Promise<readonly AlertsRead[]>, isIt: (read: AlertsRead) => boolean) {
  for (;;) {
    const [one] = await read()
    if (one !== undefined && isIt(one)) return one
    await sleep(300)
  }
}
const stateOf = (read: AlertsRead) =>
  read.ok ? read.active.find(({ alert }) => alert === 'CheckoutFails')?.state : undefined

describe('alerts of a Prometheus', () => {
  it('are read from inactive to pending, firing and resolved, with their labels', { timeout: 60_000 }, async () => {
    const read = await reader(expecting(fires))
    await until(read, (one) => one.ok && one.rules[0]?.health === 'ok')
    shop.failing = 1
    const startedAt = Date.now()
    await until(read, (one) => stateOf(one) === 'pending')
    const firing = await until(read, (one) => stateOf(one) === 'firing')
    expect(firing.at - startedAt).toBeGreaterThanOrEqual(2000)
    expect(firing).toMatchObject({ ok: true, rules: [{ alert: 'CheckoutFails', health: 'ok' }] })
    if (!firing.ok) return
    const [alert] = firing.active.filter((each) => each.alert === 'CheckoutFails')
    expect(alert).toMatchObject({ labels: { severity: 'page', job: 'shop' } })
    expect(alert?.labels).not.toHaveProperty('alertname')
    expect(Math.abs((alert?.activeAt ?? 0) - startedAt)).toBeLessThan(10_000)
    shop.failing = 0
    await until(read, (one) => one.ok && stateOf(one) === undefined)
  })

  it('show that a rule could not be evaluated', { timeout: 60_000 }, async () => {
    const read = await reader(expecting({ ...fires, alert: 'Broken' }))
    const one = await until(read, (each) => each.ok && each.rules[0]?.health === 'err')
    expect(one.ok && one.rules[0]?.problem).toBeTruthy()
  })

  it('are a failed reading when nobody answers', async () => {
    const ports = { probes: await probes(), clock: systemClock }
    const read = createAlertReader(ports, expecting(fires), place('http://127.0.0.1:9'))
    expect(await read()).toMatchObject([
      { kind: 'alerts-read', ok: false, problem: expect.stringMatching(/ECONNREFUSED/) },
    ])
  })

  it.each<[string, AlertReaction, string | undefined, RegExp]>([
    ['a rule that is there', fires, undefined, /^$/],
    [
      'a rule that is not there',
      { ...fires, alert: 'CheckoutFailing' },
      'alert-rule-missing',
      /no alerting rule CheckoutFailing.*It has Broken, CheckoutFails, Watchdog/,
    ],
    [
      'labels that the rule sets otherwise',
      { ...fires, labels: { severity: 'info' } },
      'alert-rule-missing',
      /its rule sets \{"severity":"page"\}/,
    ],
    [
      'less time than the rule takes',
      { ...fires, withinMs: millis(3500) },
      'alert-too-soon',
      /for 2s, evaluated every 1s, scraped every 500ms.*Allow more than 3500ms/,
    ],
    [
      'less time than it takes to resolve',
      { ...fires, kind: 'resolves', withinMs: millis(1500) },
      'alert-too-soon',
      /cannot resolve within 1500ms/,
    ],
  ])('are looked at before the load: %s', async (_, expected, code, words) => {
    const sights = await lookAtAlerts(
      { probes: await probes() },
      { ...target, prometheus: place() },
      expecting(expected),
    )
    expect(sights[0]?.issue?.code).toBe(code)
    const { issue } = sights[0] ?? {}
    expect(issue === undefined ? '' : `${issue.problem} ${issue.next}`).toMatch(words)
    if (issue !== undefined) expect(issue.at).toEqual(at)
  })

  it('cannot be judged by a Prometheus that cannot be read', async () => {
    const sights = await lookAtAlerts(
      { probes: await probes() },
      { ...target, prometheus: place('http://127.0.0.1:9') },
      expecting(fires),
    )
    expect(sights).toMatchObject([{ state: 'unreadable', issue: { code: 'source-unreadable', at } }])
  })
})
