/** `matchday compare` with a k6 script that knows nothing of matchday, against two small servers. */
import { writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { performed } from '../../support/command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

type Server = { readonly url: string; asked(): number }

async function server(): Promise<Server> {
  let asked = 0
  const shop = http.createServer((_, response) => {
    asked += 1
    response.end('ok')
  })
  await new Promise<void>((done) => shop.listen(0, '127.0.0.1', done))
  onTestFinished(() => {
    shop.closeAllConnections()
    shop.close()
  })
  return { url: `http://127.0.0.1:${(shop.address() as AddressInfo).port}`, asked: () => asked }
}

const script = (executor: string) => `import http from 'k6/http'
export const options = {
  scenarios: { visitors: { executor: '${executor}', ${executor.startsWith('ramping') ? "startRate: 20, stages: [{ duration: '9s', target: 40 }]" : "rate: 20, duration: '2s'"}, timeUnit: '1s', preAllocatedVUs: 5 } },
  thresholds: { http_req_failed: [{ threshold: 'rate<0', abortOnFail: true }] },
}
export default function () {
  http.get(__ENV.BASE_URL + '/ok')
}
export const order = () => http.get(__ENV.BASE_URL + '/order')
`

const rehearsal = (load: string) => `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: plain}
spec:
  hypothesis: Two releases answer alike.
  target: {contexts: [shops]}
  load: {script: shop.js, env: {BASE_URL: "{entry}"}${load}}
  blastRadius: {namespaces: [shop], pods: 0, zones: 0}
  timeline: [{phase: steady, for: 30s, load: 1x}]
  slis: {pages: {http: {}}}
  slos: [{sli: pages, objective: 90%}]
  compare: {settle: 1s, measure: 2s, pairs: 2}
`

async function compared(load: string, executor = 'constant-arrival-rate') {
  const [a, b] = [await server(), await server()]
  const folder = tempFolder()
  writeFileSync(join(folder, 'shop.js'), script(executor))
  writeFileSync(join(folder, 'plain.rehearsal.yaml'), rehearsal(load))
  const target = `apiVersion: matchday.dev/v1\nkind: Target\nspec: {context: shops, namespace: shop, entry: '${a.url}', sources: {}}\n`
  writeFileSync(join(folder, 'target.yaml'), target)
  const files = [join(folder, 'plain.rehearsal.yaml'), '--target', join(folder, 'target.yaml')]
  const flags = ['--reports', join(folder, 'reports'), '--seed', '7', '--quiet', '--a', a.url, '--b', b.url]
  return { a, b, ...(await performed('compare', ...files, ...flags, '--output', 'json')) }
}

describe('two releases under the load of a plain k6 script', () => {
  it.each([
    // 3 s of each of three blocks at 20/s, and a threshold that would have stopped each of them at once.
    ['of its own, which goes on to the end of each block', ''],
    ['by the arrivals of the rehearsal', ', arrivals: {order: 20/s}'],
  ])(
    '%s',
    async (_, load) => {
      const { a, b, stdout, stderr } = await compared(load)
      for (const each of [a, b]) {
        expect(each.asked(), stderr).toBeGreaterThan(150)
        expect(each.asked()).toBeLessThan(200)
      }
      const comparison = JSON.parse(stdout)
      expect(comparison.objectives).toMatchObject([{ sli: 'pages' }])
      expect(comparison.pairs + comparison.voidPairs.length).toBeGreaterThanOrEqual(2)
    },
    120_000,
  )

  it('are not compared under a load that changes by itself: that is told before anything is sent', async () => {
    const { a, b, code, stdout } = await compared('', 'ramping-arrival-rate')
    expect(code).toBe(2)
    expect(stdout).toContain('load-not-steady')
    expect(stdout).toContain('the scenario visitors of ')
    expect([a.asked(), b.asked()]).toEqual([0, 0])
  }, 60_000)
})
