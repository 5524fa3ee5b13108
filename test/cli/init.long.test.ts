/** `matchday init` in a folder of a user's own, against a real API server with services that are not the reference platform. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { customResourceDefinitions } from '../../src/lab/chaos-daemon/crds.ts'
import { type BareCluster, eventually, startBareCluster } from '../lab/support/bare-cluster.ts'
import { wrongIn } from '../support/output-schema.ts'

let bare: BareCluster
let folder = ''
beforeAll(async () => {
  bare = await startBareCluster({ controllers: true })
  await apply('shop.yaml', readFileSync('test/cli/init/shop/shop.yaml', 'utf8'))
  await eventually('three pods of storefront', 60_000, async () => {
    const { out } = await bare.kubectl('get', 'pods', '-n', 'shop', '-l', 'app=storefront', '-o', 'name')
    return out.trim().split('\n').length === 3 ? true : undefined
  })
})
afterAll(() => bare?.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'md-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

async function apply(name: string, text: string): Promise<void> {
  const file = join(bare.root, name)
  writeFileSync(file, text)
  const { code, out } = await bare.kubectl('apply', '-f', file)
  expect(code, out).toBe(0)
}

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** In the user's folder, with the flags of the cluster. */
async function matchday(kubeconfig: string, ...words: readonly string[]): Promise<Ended> {
  const cluster = ['--context', 'lab', '--kubeconfig', kubeconfig]
  const child = spawn(process.execPath, [resolve('src/cli/bin.mjs'), ...words, ...cluster], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1' },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

/** The cluster as somebody sees it who may list one kind in one namespace. */
async function narrow(name: string, resource: string): Promise<string> {
  await bare.kubectl('create', 'serviceaccount', name, '-n', 'shop')
  await bare.kubectl('create', 'role', name, '-n', 'shop', '--verb=list', `--resource=${resource}`)
  await bare.kubectl('create', 'rolebinding', name, '-n', 'shop', `--role=${name}`, `--serviceaccount=shop:${name}`)
  const { out } = await bare.kubectl('create', 'token', name, '-n', 'shop')
  const file = join(folder, `${name}.kubeconfig`)
  const admin = readFileSync(bare.paths.kubeconfig, 'utf8')
  writeFileSync(file, admin.replace(/token: [^,}]*/, `token: ${out.trim()}`), { mode: 0o600 })
  return file
}

const contentOf = (path: string): string => readFileSync(join(folder, path), 'utf8')
const FILES = [
  'scenarios/targets/lab.yaml',
  'scenarios/storefront-pod-kill.rehearsal.yaml',
  'scenarios/storefront.ts',
  'chaos/storefront-pod-kill.yaml',
]

describe('matchday init', () => {
  it('writes files that plan accepts at once, from what is in the cluster, and overwrites nothing', async () => {
    for (const { name, body } of customResourceDefinitions()) await apply(`${name}.json`, JSON.stringify(body))
    const made = await matchday(bare.paths.kubeconfig, 'init', '--output', 'json')
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
    const document = JSON.parse(made.stdout) as { files: string[]; decisions: object[]; unread: object[] }
    expect(wrongIn('init', document)).toEqual([])
    expect(document).toMatchObject({ namespace: 'shop', files: FILES, unread: [] })
    const marks = FILES.flatMap((path) => contentOf(path).match(/DECIDE:/g) ?? [])
    expect(document.decisions).toHaveLength(marks.length)
    expect(contentOf(FILES[0] ?? '')).toContain('entry: http://shop.example.com ')
    expect(contentOf(FILES[1] ?? '')).toMatch(
      /- disruption: \{budget: storefront, held: true\}[\s\S]*- autoscaler: \{name: storefront/,
    )

    const planned = await matchday(bare.paths.kubeconfig, 'plan', FILES[1] ?? '', '--output', 'json')
    expect({ code: planned.code, stderr: planned.stderr }).toEqual({ code: 0, stderr: '' })
    const plan = JSON.parse(planned.stdout) as { faults: { admission: { ok: boolean; note: string } }[] }
    expect(wrongIn('plan', plan)).toEqual([])
    expect(plan.faults.map(({ admission }) => admission)).toMatchObject([
      { ok: true, note: '1 of 4 pods in shop (drawn from 3), limit 1' },
    ])

    const before = FILES.map(contentOf)
    const again = await matchday(bare.paths.kubeconfig, 'init')
    expect(again.code).toBe(2)
    for (const path of FILES) expect(again.stderr).toContain(`${path} file-exists`)
    expect(FILES.map(contentOf)).toEqual(before)
  })

  it('reports and marks what it may not read', async () => {
    const kubeconfig = await narrow('reader', 'deployments')
    const lost = await matchday(kubeconfig, 'init')
    expect(lost).toMatchObject({ code: 5, stderr: expect.stringContaining('--namespace') })
    const made = await matchday(kubeconfig, 'init', '--namespace', 'shop')
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: '' })
    expect(made.stdout).toContain('not read poddisruptionbudgets of shop')
    expect(contentOf(FILES[1] ?? '')).toContain('DECIDE: poddisruptionbudgets of shop may not be read')
    expect(contentOf(FILES[0] ?? '')).toContain('DECIDE: no Ingress or HTTPRoute was found')
    const planned = await matchday(bare.paths.kubeconfig, 'plan', FILES[1] ?? '')
    expect({ code: planned.code, stderr: planned.stderr }).toEqual({ code: 0, stderr: '' })
  })

  it('writes files with which check and heal give output that matches their schemas', async () => {
    await matchday(bare.paths.kubeconfig, 'init')
    const checked = await matchday(bare.paths.kubeconfig, 'check', '--output', 'json')
    expect(wrongIn('check', JSON.parse(checked.stdout))).toEqual([])
    const healed = await matchday(bare.paths.kubeconfig, 'heal', '--output', 'json')
    expect(healed.code).toBe(0)
    expect(wrongIn('heal', JSON.parse(healed.stdout))).toEqual([])
  })

  it('writes nothing for an empty namespace', async () => {
    const { code, stderr } = await matchday(bare.paths.kubeconfig, 'init', '--namespace', 'default')
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('has no Deployment or StatefulSet') })
  })
})
