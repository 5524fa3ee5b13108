/** Runners in a lab whose pods have networks and files of their own: real kubelets, Jobs, pod logs and exit codes. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectKubernetes } from '../../../src/adapters/kubernetes/connect.ts'
import { findTool } from '../../../src/cli/tools.ts'
import type { LoadPlan } from '../../../src/domain/timeline.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import { stageRunners } from '../../../src/lab/images/runners.ts'
import { type LabHandle, labDown } from '../../../src/lab/lab.ts'
import { chooseNetwork } from '../../../src/lab/owner/network-choice.ts'
import type { KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'
import { resolveTool } from '../../../src/toolchain/toolchain.ts'
import { type LabBench, labBench } from '../../lab/support/lab-bench.ts'
import { TEST_IMAGES } from '../../support/test-images.ts'
import { planOf, stage } from './driving.ts'
import { driveRunners, totalsOf } from './runner-drive.ts'

const labnet = (await findTool('labnet', new AbortController().signal)).path
const network = await chooseNetwork('auto', labnet)
const refusal = network.kind === 'preload' ? network.why : undefined

const web = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    containers: [
      {
        name: 'web',
        image: 'test/web',
        readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
}
const service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
}
const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'matchday-load' } }

/** Deposits of a shop that takes everything: the sums and digests are the client's. */
const SCRIPT = (lib: string) => `import http from 'k6/http'
import { loadOptions } from '${lib}/load.ts'
import { measure } from '${lib}/measure.ts'
import { operating } from '${lib}/money.ts'
import { plan } from '${lib}/plan.ts'
export { teardown, zero } from '${lib}/load.ts'
export const options = loadOptions()
const order = operating({ name: 'deposit', acknowledges: [200], refuses: [] })
export function setup() { return { greeting: 'hello' } }
export const deposit = measure('deposit', (arrival, shared) => {
  if (shared.greeting !== 'hello') throw new Error('no data of setup')
  return order(arrival, () => http.get(plan.entry + '/held'))
})
`

describe.skipIf(refusal !== undefined)(`runners in a lab${refusal ? ` (${refusal})` : ''}`, () => {
  let bench: LabBench
  let lab: LabHandle | undefined
  let api: KubernetesApi
  let binary = ''
  let script = ''

  beforeAll(async () => {
    bench = await labBench()
    binary = (await resolveTool('k6')).path
    await buildImages({ folder: bench.paths.images, sources: TEST_IMAGES })
    await stageRunners(bench.paths.images, binary)
    lab = await bench.up({ network: 'namespaces', nodes: 2, tools: { ...bench.tools, labnet } })
    const file = join(bench.paths.logs, 'objects.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [namespace, web, service] }))
    await bench.kubectl('apply', '-f', file)
    await bench.kubectl('wait', '--for=condition=Ready', 'pod/web', '--timeout=90s')
    api = await connectKubernetes({ kubeconfig: bench.paths.kubeconfig })
    script = join(bench.root, 'shop.ts')
    writeFileSync(script, SCRIPT(join(import.meta.dirname, '../../../scenarios/lib')))
  })
  afterAll(async () => {
    await lab?.down().catch(() => undefined)
    await labDown(bench?.root).catch(() => undefined)
    bench?.remove()
  })

  const drive = (runners: number, ms: number) => {
    const folder = join(bench.root, `run-${runners}-${ms}`)
    mkdirSync(folder, { recursive: true })
    const plan: LoadPlan = planOf('http://web.default', { deposit: [stage(ms, 12)] }, { runners })
    return driveRunners({ api, binary, folder, cpu: '200m' }, script, plan)
  }
  const left = async () =>
    (
      await bench.kubectl('-n', 'matchday-load', 'get', 'jobs,pods,configmaps', '-l', 'matchday.dev/run', '-o', 'name')
    ).trim()

  it('one and three of them make the same load, with one setup, and leave nothing', async () => {
    const run = async (runners: number) => {
      const { load, events, ended, undone } = await drive(runners, 5000)
      const { outcome, instances } = await ended()
      expect(instances?.map(({ exitCode, problems }) => [exitCode, problems])).toEqual(
        Array.from({ length: runners }, () => [0, []]),
      )
      expect(outcome).toBe('completed')
      const nodes = new Set(load.runners?.map(({ node }) => node))
      await undone()
      expect(await left()).toBe('')
      const zeros = load.runners?.map(({ zeroAt }) => zeroAt) ?? []
      return { totals: totalsOf(events), nodes: nodes.size, skewMs: Math.max(...zeros) - Math.min(...zeros) }
    }
    const one = await run(1)
    const three = await run(3)
    expect(one.totals).toMatchObject({ 'due of deposit': 60, 'deposit acknowledged': 60, 'good deposit': 60 })
    expect(three.totals).toEqual(one.totals)
    expect(three.nodes).toBe(2)
    expect(three.skewMs).toBeLessThan(2000)
  }, 240_000)

  it('all of them stop at once, and one that is lost is named', async () => {
    const first = await drive(3, 60_000)
    await sleep(2000)
    await first.load.stop()
    expect((await first.ended()).instances?.map(({ outcome, exitCode }) => [outcome, exitCode])).toEqual([
      ['stopped', 103],
      ['stopped', 103],
      ['stopped', 103],
    ])
    await first.undone()
    const second = await drive(3, 61_000)
    const pod = second.load.runners?.[1]?.pod ?? ''
    await bench.kubectl('-n', 'matchday-load', 'delete', 'pod', pod, '--wait=false')
    const { outcome, instances } = await second.ended()
    expect(outcome).toBe('crashed')
    expect(instances?.[1]).toMatchObject({ instance: 'runner-1', outcome: 'crashed' })
    expect(instances?.[1]?.problems[0]).toContain(pod)
    expect(instances?.[0]).toMatchObject({ outcome: 'stopped', exitCode: 103 })
    await second.undone()
    expect(await left()).toBe('')
  }, 240_000)
})
