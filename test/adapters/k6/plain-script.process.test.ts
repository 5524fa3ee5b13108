import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type PlainServer, plainServer } from './plain-server.ts'
import { causesOf, runScript } from './script-run.ts'

let folder = ''
let server: PlainServer
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'matchday-plain-'))
  server = await plainServer()
})
afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** As it stands in many repositories: options, a default function, a check, and no word of matchday. */
const PUBLIC = `import http from 'k6/http'
import { check, sleep } from 'k6'

export const options = {
  scenarios: {
    visitors: { executor: 'constant-arrival-rate', rate: 20, timeUnit: '1s', duration: '5s', preAllocatedVUs: 10 },
  },
}

export default function () {
  const response = http.get(\`\${__ENV.BASE_URL}/ok\`)
  check(response, { 'status is 200': (r) => r.status === 200 })
  sleep(0.1)
}
`

describe('a plain k6 script', () => {
  it('runs in a rehearsal as it is, and its indicators are judged by exact counts', async () => {
    const name = join(folder, 'public.js')
    writeFileSync(name, PUBLIC)
    const { judgment, last, timeline, ended } = await runScript(
      folder,
      `  load: {script: public.js, env: {BASE_URL: "{entry}"}}
  slis:
    pages: {http: {}}
    answers: {checks: {where: {check: status is 200}}}
  slos:
    - {sli: pages, objective: 90%}
    - {sli: pages, p95: 250ms}
    - {sli: answers, objective: 90%}`,
      `${server.url}/`,
    )
    expect(ended).toMatchObject({ outcome: 'completed', exitCode: 0 })
    // Due by the script's own executor: 20/s over 5 s.
    expect(timeline.load.profiles).toEqual([{ name: 'visitors', stages: [{ durationMs: 5000, from: 20, to: 20 }] }])
    const sent = server.asked.get('/ok') ?? 0
    expect(sent).toBeGreaterThanOrEqual(99)
    expect(last.slis.pages).toMatchObject({ good: sent, bad: 0 })
    expect(last.slis.answers).toMatchObject({ good: sent, bad: 0 })
    expect(last.profiles.visitors).toMatchObject({ iterations: sent })
    expect(judgment.slos.map(({ sli, kind, state }) => [sli, kind, state])).toEqual([
      ['pages', 'availability', 'proven'],
      ['pages', 'latency', 'proven'],
      ['answers', 'availability', 'proven'],
    ])
    expect(causesOf(judgment)).toEqual([])
  })
})
