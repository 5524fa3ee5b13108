/** A credential reaches the script of a rehearsal, and nothing that matchday says or writes down. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { performed } from '../../support/command.ts'
import { tempFolder } from '../../support/temp-folder.ts'

afterEach(() => vi.unstubAllEnvs())

const TOKEN = 'pl4nted+"token"/1'
const PASSWORD = 'pl4nted-password'
const forms = [TOKEN, PASSWORD].flatMap((secret) => [
  secret,
  encodeURIComponent(secret),
  JSON.stringify(secret).slice(1, -1),
  Buffer.from(secret).toString('base64'),
])

/** Shows its credentials wherever a script can: in its log, in errors, in the name of a check and of a request. */
const SCRIPT = `import http from 'k6/http'
import encoding from 'k6/encoding'
import { check } from 'k6'
import { loadOptions } from '${resolve('scenarios/lib/load.ts')}'
import { measure } from '${resolve('scenarios/lib/measure.ts')}'
import { plan } from '${resolve('scenarios/lib/plan.ts')}'
export { teardown, zero } from '${resolve('scenarios/lib/load.ts')}'

const token = __ENV.SHOP_TOKEN
if (!token) throw new Error('no token')
export const options = loadOptions()

export const order = measure('order', () => {
  const name = 'GET /?token=' + token
  const answer = http.get(plan.entry + '/?token=' + encodeURIComponent(token), { headers: { authorization: token }, tags: { name } })
  check(answer, { ['answered ' + token]: (each) => each.status === 200 })
  console.error('sent', token, JSON.stringify({ token }), encoding.b64encode(token), __ENV.SHOP_PASSWORD)
  if (Math.random() < 0.5) throw new Error('refused ' + token)
  return { ok: true }
})
`

const rehearsal = `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: secretive}
spec:
  hypothesis: The shop answers.
  target: {contexts: [shops]}
  load: {script: order.ts, arrivals: {order: 20/s}}
  blastRadius: {namespaces: [shop], pods: 0, zones: 0}
  timeline: [{phase: steady, for: 5s, load: 1x}]
  slos: [{sli: order, objective: 10%}]
  compare: {settle: 0s, measure: 1s, pairs: 2}
`

const target = (entry: string) => `apiVersion: matchday.dev/v1
kind: Target
metadata: {name: shops}
spec:
  context: shops
  namespace: shop
  entry: ${entry}
  sources: {}
  credentials:
    SHOP_TOKEN: {env: MATCHDAY_TEST_PLANTED}
    SHOP_PASSWORD: {file: password}
`

it('a script gets its credentials, and no output of matchday contains one', async () => {
  const folder = tempFolder()
  const seen = new Set<string | undefined>()
  const shop = http.createServer((request, response) => {
    seen.add(request.headers.authorization)
    response.end('ok')
  })
  await new Promise<void>((done) => shop.listen(0, '127.0.0.1', done))
  const entry = `http://127.0.0.1:${(shop.address() as AddressInfo).port}`
  const files = { 'order.ts': SCRIPT, 'a.rehearsal.yaml': rehearsal, 'target.yaml': target(entry), password: PASSWORD }
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  vi.stubEnv('MATCHDAY_TEST_PLANTED', TOKEN)
  const reports = join(folder, 'reports')
  const flags = ['--target', join(folder, 'target.yaml'), '--reports', reports, '--seed', '7', '--aa', '--a', entry]
  const said = await performed('compare', join(folder, 'a.rehearsal.yaml'), ...flags)
  shop.close()

  expect([...seen], said.stderr).toEqual([TOKEN])
  const written = filesBelow(reports).map((file) => [file, readFileSync(file, 'utf8')] as const)
  expect(written.some(([file, text]) => file.endsWith('k6.log') && text.includes('[credential SHOP_TOKEN]'))).toBe(true)
  const outputs = [...written, ['stdout', said.stdout] as const, ['stderr', said.stderr] as const]
  for (const [name, text] of outputs)
    expect(
      forms.filter((form) => text.includes(form)),
      name,
    ).toEqual([])
}, 120_000)

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
