/**
 * One real node: a kubelet without our changes, containerd and runc. The reference platform's smallest service and a database run there, from images
 * that `matchday images build` writes, as the overlay `cluster` says. It shows what the lab cannot: that images and manifests hold as they are shipped.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { stringify } from 'yaml'
import { findTool } from '../../src/cli/tools.ts'
import { buildArchives } from '../../src/lab/images/oci/build-archives.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import { readWorkload } from '../../src/lab/workload/workload.ts'
import { wrongIn } from '../support/output-schema.ts'
import { type RealCluster, startCluster } from './cluster.ts'
import { leftCgroups } from './control-groups.ts'
import { pauseArchive } from './program-image.ts'
import { buildPrograms, refusal } from './programs.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests read kubectl's output freely
type Any = any

const PROMO = 'casino/promo'
const folder = mkdtempSync(join(tmpdir(), 'md-real-test-'))
let node: RealCluster | undefined
let digest = ''
const real = (): RealCluster => {
  if (node === undefined) throw new Error('the node did not start')
  return node
}
const get = async (...words: readonly string[]): Promise<Any> =>
  JSON.parse(await real().kubectl('get', ...words, '-o', 'json'))

/** The command lines on this machine that name the folder. */
const processesOf = (path: string): readonly string[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return line.includes(path) ? [line] : []
      } catch {
        // It ended meanwhile.
        return []
      }
    })

/** What promo and the providers' database need of the overlay, and every policy, so that the API server refuses what it does not know. */
async function manifests(): Promise<string> {
  const kubectl = await findTool('kubectl', new AbortController().signal)
  const all = await renderManifests(kubectl.path, resolve('src/platform/manifests/cluster'), [join(folder, 'images')])
  const needed = all.filter(
    ({ kind, metadata }) => KINDS.includes(kind) || /^(promo|providers-db(-roles)?)$/.test(metadata.name),
  )
  const file = join(folder, 'objects.yaml')
  writeFileSync(
    file,
    needed.map((each) => stringify(each.kind === 'StatefulSet' ? onOneNode(each) : each)).join('---\n'),
  )
  return file
}

const KINDS = ['Namespace', 'PriorityClass', 'NetworkPolicy']

/** This node has one pool and no storage: the volume is a folder of the pod. */
function onOneNode(set: Any): Any {
  const { volumeClaimTemplates: _, ...spec } = set.spec
  const { nodeSelector: __, ...pod } = spec.template.spec
  const volumes = [...pod.volumes, { name: 'data', emptyDir: {} }]
  return { ...set, spec: { ...spec, template: { ...spec.template, spec: { ...pod, volumes } } } }
}

describe('a real node', () => {
  // Only `npm run test:real` starts this tier, so a machine that cannot run it is a failure and not a skip.
  beforeAll(async () => {
    const why = refusal()
    if (why !== undefined) throw new Error(`this machine cannot run a real node: ${why}`)
    const programs = buildPrograms()
    const sources = readWorkload('src/platform').images.filter(({ name }) => name === PROMO)
    const built = await buildArchives({ folder: join(folder, 'images'), sources, postgres: true, tag: '1.0' })
    digest = built.find(({ name }) => name === PROMO)?.digest ?? ''
    const archives = [await pauseArchive(programs, folder), ...built.map(({ file }) => file)]
    node = await startCluster(programs, [{ name: 'n1', zone: 'zone-a' }], archives)
    await node.kubectl('apply', '-f', await manifests())
  }, 3_600_000)

  afterAll(async () => {
    await node?.stop()
    rmSync(folder, { recursive: true, force: true })
  }, 60_000)

  it('starts the pods of the overlay from the built image, under the restricted pod security standard', async () => {
    await real().kubectl('-n', 'casino', 'rollout', 'status', 'deployment/promo', '--timeout=100s')
    const { items } = await get('pods', '-n', 'casino')
    expect(items).toHaveLength(2)
    for (const { status } of items) {
      expect(status.containerStatuses[0].imageID).toBe(`docker.io/${PROMO}@${digest}`)
      // Never pulled, there is no way out: the node has the image by its digest.
      expect(status.containerStatuses[0].restartCount).toBe(0)
    }
  })

  it('runs them as the numeric user of the image, without capabilities and with a filter for system calls', async () => {
    const { stdout } = await real().run('sh', '-c', 'grep -l main[.]cjs /proc/[0-9]*/cmdline')
    const processes = stdout.trim().split('\n')
    expect(processes).toHaveLength(2)
    for (const path of processes) {
      const { stdout: status } = await real().run('cat', path.replace('cmdline', 'status'))
      expect(status).toMatch(/^Uid:\s+65532\s/m)
      expect(status).toMatch(/^CapEff:\s+0+$/m)
      expect(status).toMatch(/^Seccomp:\s+2$/m)
    }
  })

  it('runs PostgreSQL with a read-only root file system, as user 999', async () => {
    await real().kubectl('-n', 'providers', 'rollout', 'status', 'statefulset/providers-db', '--timeout=100s')
    const log = await real().kubectl('-n', 'providers', 'logs', 'providers-db-0')
    expect(log).toContain('database system is ready to accept connections')
    const [pod] = (await get('pods', '-n', 'providers')).items
    expect(pod.status.containerStatuses[0].user.linux.uid).toBe(999)
  })

  it('lets metrics be read through the API server, as matchday reads them', async () => {
    const { items } = await get('pods', '-n', 'casino')
    const path = `/api/v1/namespaces/casino/pods/${items[0].metadata.name}:8080/proxy/metrics`
    expect(await real().kubectl('get', '--raw', path)).toContain('# TYPE http_requests_total counter')
  })

  it('is seen by matchday check --context, with what it has and lacks', async () => {
    const flags = ['--context', 'real', '--kubeconfig', real().kubeconfig, '-o', 'json']
    const { stdout, stderr, code } = await real().run(process.execPath, resolve('src/cli/bin.mjs'), 'check', ...flags)
    expect({ code, stderr }).toMatchObject({ code: 0 })
    expect(wrongIn('check', JSON.parse(stdout))).toEqual([])
    expect(stdout).toContain('zone-a')
    expect(stdout).toContain('there is no StorageClass')
  })

  it('leaves nothing on the machine when it stops', async () => {
    const own = dirname(dirname(real().kubeconfig))
    expect(leftCgroups()).not.toEqual([])
    expect(processesOf(own)).not.toEqual([])
    await real().stop()
    expect(leftCgroups()).toEqual([])
    expect(existsSync(own)).toBe(false)
    await vi.waitFor(() => expect(processesOf(own)).toEqual([]))
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(own)
  }, 60_000)
})
