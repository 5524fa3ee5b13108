/** What is wrong with the surroundings is told before anything is touched: one clear message, exit code 5, nothing left behind. */
import { spawn } from 'node:child_process'
import { createPrivateKey, randomUUID, sign } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { connectKubernetes } from '../../src/adapters/kubernetes/connect.ts'
import { readCredentials } from '../../src/adapters/kubernetes/load-credentials.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import { resolveAll } from '../../src/toolchain/toolchain.ts'
import { type BareCluster, startBareCluster } from '../lab/support/bare-cluster.ts'
import { target } from '../support/evidence-rehearsal.ts'

let bare: BareCluster
let folder = ''
beforeAll(async () => {
  bare = await startBareCluster()
  await bare.kubectl('create', 'namespace', 'casino')
  await bare.kubectl('create', 'serviceaccount', 'narrow')
  await bare.kubectl('create', 'clusterrole', 'looks', '--verb=get,list,watch', '--resource=pods,nodes,namespaces')
  await bare.kubectl('create', 'clusterrolebinding', 'looks', '--clusterrole=looks', '--serviceaccount=default:narrow')
})
afterAll(() => bare?.stop())
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'md-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

async function matchday(parameters: readonly string[], env: NodeJS.ProcessEnv = {}, cwd?: string): Promise<Ended> {
  const child = spawn(process.execPath, [resolve('src/cli/bin.mjs'), ...parameters], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd,
    env: { ...process.env, NO_COLOR: '1', ...env },
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

/** `matchday run` against a cluster that is no lab of this machine, as that kubeconfig knows it. */
const rehearse = (kubeconfig: string): Promise<Ended> =>
  matchday([
    ...['run', 'scenarios/psp-down-at-peak.rehearsal.yaml', '--context', 'lab'],
    ...['--kubeconfig', kubeconfig, '--target', 'scenarios/targets/lab.yaml', '--reports', join(folder, 'reports')],
  ])

/** The administrator's kubeconfig with changes. */
function kubeconfigWith(change: (text: string) => string): string {
  const file = join(folder, 'kubeconfig')
  writeFileSync(file, change(readFileSync(bare.paths.kubeconfig, 'utf8')), { mode: 0o600 })
  return file
}

const withToken = (token: string): string => kubeconfigWith((text) => text.replace(/token: [^,}]*/, `token: ${token}`))

/** A token of the service account `narrow` as the API server itself signs them, valid until `expires`. */
async function tokenUntil(expires: Date): Promise<string> {
  const { out: uid } = await bare.kubectl('get', 'serviceaccount', 'narrow', '-o', 'jsonpath={.metadata.uid}')
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const at = (date: Date) => Math.floor(date.getTime() / 1_000)
  const claims = {
    iss: 'https://kubernetes.default.svc',
    aud: ['https://kubernetes.default.svc'],
    sub: 'system:serviceaccount:default:narrow',
    exp: at(expires),
    nbf: at(expires) - 3_600,
    iat: at(expires) - 3_600,
    jti: randomUUID(),
    'kubernetes.io': { namespace: 'default', serviceaccount: { name: 'narrow', uid } },
  }
  const key = createPrivateKey(readFileSync(join(bare.paths.controlPlane, 'service-account.key')))
  const algorithm = key.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256'
  const content = `${encode({ alg: algorithm, typ: 'JWT' })}.${encode(claims)}`
  const signature = sign('sha256', Buffer.from(content), { key, dsaEncoding: 'ieee-p1363' })
  return `${content}.${signature.toString('base64url')}`
}

const nothingLeft = () =>
  expect(existsSync(join(folder, 'reports')) ? readdirSync(join(folder, 'reports')) : []).toEqual([])

describe('a cluster', () => {
  it('that does not answer gives exit code 5 and a next step', async () => {
    const { code, stderr } = await rehearse(
      kubeconfigWith((text) => text.replace(/server: [^,}]*/, 'server: https://127.0.0.1:9')),
    )
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringMatching(/127\.0\.0\.1:9.*ECONNREFUSED/) })
    expect(stderr).toContain('Next: ')
    nothingLeft()
  })

  it('that refuses an expired token gives exit code 5 and a next step', async () => {
    const { code, stderr } = await rehearse(withToken(await tokenUntil(new Date(Date.now() - 60_000))))
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringMatching(/401|Unauthorized|credentials/) })
    expect(stderr).toContain('Next: ')
    nothingLeft()
  })

  it('with missing permissions lists all of them, each with a command to try it', async () => {
    // The same kind of token as the one that had expired: this one is taken.
    const { code, stderr } = await rehearse(withToken(await tokenUntil(new Date(Date.now() + 3_600_000))))
    expect({ code, stderr }).toEqual({ code: 5, stderr: expect.stringContaining('permission-missing') })
    for (const what of [
      'create networkchaos.chaos-mesh.org',
      'watch horizontalpodautoscalers.autoscaling',
      'get pods/proxy',
    ])
      expect(stderr).toContain(`may not ${what}`)
    expect(stderr).not.toContain('may not list pods')
    expect(stderr).toContain('auth can-i')
    nothingLeft()
    expect((await bare.kubectl('get', 'leases', '-n', 'casino', '-o', 'name')).out.trim()).toBe('')
  })
})

describe('heal', () => {
  const heal = (...more: readonly string[]) =>
    matchday(['heal', '--context', 'lab', '--kubeconfig', bare.paths.kubeconfig, ...more], {}, folder)

  it('finds a target whose file is elsewhere by the newest run on that context', async () => {
    const nowhere = await heal()
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('file-missing')])
    const [begun = ''] = readFileSync('reports/example/journal.ndjson', 'utf8').split('\n')
    const remember = (run: string, line: string) => {
      mkdirSync(join(folder, 'reports', run), { recursive: true })
      writeFileSync(join(folder, 'reports', run, 'journal.ndjson'), `${line}\n`)
    }
    remember('elsewhere-20261128-130000', begun.replaceAll('"context":"lab"', '"context":"elsewhere"'))
    expect((await heal()).code).toBe(2)
    remember('here-20261128-120000', begun)
    const known = await heal()
    expect(known).toEqual({ code: 0, stdout: '', stderr: 'nothing was left to undo\n' })
  })
})

describe('a check of the reference platform', () => {
  /** What is in the API, as after `kubectl apply -k`: no pod runs, and none is asked for. */
  const check = (kubeconfig: string, ...more: readonly string[]): Promise<Ended> =>
    matchday([
      ...['check', '--context', 'lab', '--kubeconfig', kubeconfig, '--target', 'scenarios/targets/lab.yaml'],
      ...['--output', 'json', ...more],
    ])
  const causesIn = (stdout: string): readonly string[] => {
    const { findings } = JSON.parse(stdout) as { readonly findings: readonly { readonly cause: string }[] }
    return [...new Set(findings.map(({ cause }) => cause))].sort()
  }

  it('finds it in order, finds each defect of its objects under its own cause, and never prints a secret', async () => {
    const apply = async (...overlays: readonly string[]): Promise<void> => {
      const { kubectl } = await resolveAll(['kubectl'])
      const manifests = await renderManifests(kubectl.path, 'src/platform/manifests/lab', overlays)
      const file = join(folder, 'platform.json')
      writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }))
      const applied = await bare.kubectl('apply', '-f', file)
      expect(applied.code, applied.out).toBe(0)
    }
    await apply()
    // The objects alone: no node runs pods here, so no source and no book can be read.
    const healthy = await check(bare.paths.kubeconfig, '--namespace', 'casino')
    expect({ code: healthy.code, stderr: healthy.stderr }).toEqual({ code: 0, stderr: '' })
    expect(causesIn(healthy.stdout)).toEqual([])
    await bare.kubectl('delete', 'networkpolicy', 'default-deny', '-n', 'casino')
    const defects = ['default-deny-missing', 'egress-unrestricted', 'secrets-without-rotation', 'hpa-on-cpu']
    await apply(...defects.map((name) => `test/canary/defects/${name}`))
    const broken = await check(bare.paths.kubeconfig, '--namespace', 'casino')
    expect(broken.code).toBe(1)
    expect(causesIn(broken.stdout)).toEqual([
      'autoscaler-on-cpu',
      'egress-unbounded',
      'policy-missing',
      'secret-unrotated',
    ])
    expect(causesIn((await check(bare.paths.kubeconfig, '--want', 'rotated-secrets')).stdout)).toEqual([
      'secret-unrotated',
    ])
    const secret = await bare.kubectl('get', 'secret', 'psp-credentials', '-n', 'casino', '-o', 'jsonpath={.data}')
    expect(Object.keys(JSON.parse(secret.out) as object).length).toBeGreaterThan(2)
    for (const value of Object.values(JSON.parse(secret.out) as Record<string, string>))
      expect(healthy.stdout + broken.stdout).not.toContain(value)
  })

  it('lists missing permissions, and does not call an empty namespace in order', async () => {
    const narrow = await check(withToken(await tokenUntil(new Date(Date.now() + 3_600_000))))
    expect({ code: narrow.code, stderr: narrow.stderr }).toEqual({ code: 5, stderr: '' })
    for (const what of ['list secrets', 'list networkpolicies.networking.k8s.io'])
      expect(narrow.stdout).toContain(`may not ${what}`)
    // A rehearsal that wants probes and nothing else asks for no more than these take.
    const probes = ['check', 'test/detection/rollout.rehearsal.yaml', '--context', 'lab', '--target']
    const wanted = await matchday([...probes, 'scenarios/targets/lab.yaml', '--kubeconfig', join(folder, 'kubeconfig')])
    expect(wanted.stdout).toContain('may not list services')
    expect(wanted.stdout).not.toContain('may not list secrets')
    const empty = await check(bare.paths.kubeconfig, '--namespace', 'default')
    expect({ code: empty.code, stderr: empty.stderr }).toEqual({
      code: 5,
      stderr: expect.stringContaining('has no workload to check'),
    })
  })
})

describe('a credential in a Secret', () => {
  const asked = async (secret: string, key: string) => {
    const api = await connectKubernetes({ context: 'lab', kubeconfig: bare.paths.kubeconfig })
    const from = { kind: 'secret' as const, namespace: 'casino', name: secret, key }
    const at = { file: 'target.yaml', line: 3, column: 1 }
    return readCredentials(api, { ...target, credentials: { TOKEN: { at, from } } })
  }

  it('is read, and a missing Secret or key is reported without the content of the Secret', async () => {
    await bare.kubectl('create', 'secret', 'generic', 'load-test', '-n', 'casino', '--from-literal=token=hush-hush-1')
    expect(await asked('load-test', 'token')).toEqual({ values: { TOKEN: 'hush-hush-1' }, issues: [] })
    const [key, none] = [await asked('load-test', 'password'), await asked('none', 'token')]
    expect(key.issues[0]?.problem).toBe('credential TOKEN: the Secret casino/load-test has no key password.')
    expect(none.issues[0]?.problem).toMatch(/^credential TOKEN: .*secrets "none" not found/)
    expect(JSON.stringify([key, none])).not.toMatch(/hush|aHVza/)
  })
})
