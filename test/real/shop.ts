/** The shop of test/shop on a real cluster, and matchday's account there: that of docs/how-to/rbac.yaml and no other. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, vi } from 'vitest'
import { parseAllDocuments, stringify } from 'yaml'
import { findTool } from '../../src/cli/tools.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { buildArchives } from '../../src/lab/images/oci/build-archives.ts'
import { renderManifests } from '../../src/lab/workload/render.ts'
import { readWorkload } from '../../src/lab/workload/workload.ts'
import { commandFlags } from '../support/command-flags.ts'
import type { RealCluster } from './cluster.ts'

// biome-ignore lint/suspicious/noExplicitAny: tests read and write objects freely
type Any = any

const WORKLOAD = 'test/shop'
const TARGET = 'test/real/shop/target.yaml'
/** Of rbac.yaml, as the API server names it. */
export const ACCOUNT = 'system:serviceaccount:shop:matchday'
const NODE_PORT = 30_080
/** A node in each zone, with one pod of the storefront. */
const SPREAD = 'n1,n2,n3'
/** What rehearsals act on beside the shop itself. */
const MORE = join(import.meta.dirname, 'shop', 'more')

export type ShopArchives = { readonly folder: string; readonly files: readonly string[] }

/** Writes the images below `folder`. */
export async function shopArchives(folder: string): Promise<ShopArchives> {
  const sources = readWorkload(WORKLOAD).images
  const built = await buildArchives({ folder, sources, postgres: false, tag: '1.0' })
  return { folder, files: built.map(({ file }) => file) }
}

/** Applies the shop, which needs KEDA's resources, and waits for its pods. */
export async function deployShop(cluster: RealCluster, { folder }: ShopArchives): Promise<void> {
  const kubectl = await findTool('kubectl', new AbortController().signal)
  const all = await renderManifests(kubectl.path, readWorkload(WORKLOAD).manifests, [MORE, folder])
  const file = join(folder, 'objects.yaml')
  writeFileSync(file, documents(all.filter(({ kind }) => kind !== 'Ingress').map(onCluster)))
  await cluster.kubectl('apply', '-f', file)
  for (const namespace of ['shop', 'carriers'])
    await cluster.kubectl('-n', namespace, 'wait', '--for=condition=Available', 'deployment', '--all', '--timeout=300s')
}

/** Puts one pod of the storefront into each zone: after a drain or the loss of a zone, Kubernetes leaves pods where they are. */
export async function spreadStorefront({ kubectl }: RealCluster): Promise<void> {
  const nodes = async () => {
    const names = await kubectl(
      '-n',
      'shop',
      'get',
      'pods',
      '-l',
      'app=storefront',
      '-o',
      'jsonpath={.items[*].spec.nodeName}',
    )
    return names.split(' ').sort().join()
  }
  if ((await nodes()) === SPREAD) return
  await kubectl('-n', 'shop', 'rollout', 'restart', 'deployment/storefront')
  await kubectl('-n', 'shop', 'rollout', 'status', 'deployment/storefront', '--timeout=300s')
  // Until those that were replaced are gone.
  await vi.waitFor(async () => expect(await nodes()).toBe(SPREAD), { timeout: 60_000, interval: 1000 })
}

const documents = (objects: readonly unknown[]): string => objects.map((each) => stringify(each)).join('---\n')

function onCluster(object: Any): Any {
  const { kind, metadata, spec } = object
  if (kind === 'Service' && metadata.name === 'storefront') return { ...object, spec: { ...spec, ...wayIn(spec) } }
  if (kind !== 'Deployment') return object
  const containers = spec.template.spec.containers.map((each: Any) => ({ ...each, lifecycle: LATER }))
  const given = { ...spec.template.spec, terminationGracePeriodSeconds: GRACE_S }
  const pod = { ...given, containers, ...placeOf(metadata.name) }
  return { ...object, spec: { ...spec, template: { ...spec.template, spec: pod } } }
}

/** A pod goes on serving until every kube-proxy has forgotten it. Without this, `operations` fails with `drain-missing`, rightly. */
const LATER = { preStop: { sleep: { seconds: 4 } } }
/** The shop's own manifests give 10 s. LATER takes 4 s of them, and the rest is too little on a busy machine. */
const GRACE_S = 30

const wayIn = ({ ports }: Any) => ({ type: 'NodePort', ports: [{ ...ports[0], nodePort: NODE_PORT }] })

/** Storefronts are in all zones. What keeps its books in memory stays in the zone that no rehearsal harms. */
const placeOf = (name: string) =>
  name === 'storefront'
    ? {
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'topology.kubernetes.io/zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: name } },
            // A zone that is closed or lost does not count, and neither do pods that a rollout replaces.
            nodeTaintsPolicy: 'Honor',
            matchLabelKeys: ['pod-template-hash'],
          },
        ],
      }
    : { nodeSelector: { 'topology.kubernetes.io/zone': 'zone-a' } }

/** The namespaces of rbac.yaml, as they are called here. */
const NAMESPACES: Readonly<Record<string, string>> = { casino: 'shop', providers: 'carriers' }
/** Those that bind it where the shop has nothing. */
const ELSEWHERE = ['egress']

/** Applies rbac.yaml and priority.yaml. @returns the kubeconfig of the account, whose context is `real` */
export async function createAccount(cluster: RealCluster, folder: string): Promise<string> {
  await cluster.kubectl('create', 'namespace', 'matchday-load')
  for (const name of ['rbac.yaml', 'priority.yaml']) {
    const objects = objectsIn(join('docs/how-to', name)).filter(
      ({ metadata }) => !ELSEWHERE.includes(metadata.namespace),
    )
    const file = join(folder, name)
    writeFileSync(file, documents(objects.map(renamed)))
    await cluster.kubectl('apply', '-f', file)
  }
  const token = await cluster.kubectl('-n', 'shop', 'create', 'token', 'matchday', '--duration', '8h')
  const [kubeconfig] = objectsIn(cluster.kubeconfig)
  const path = join(folder, 'matchday.kubeconfig')
  writeFileSync(path, stringify({ ...kubeconfig, users: [{ ...kubeconfig.users[0], user: { token: token.trim() } }] }))
  return path
}

const objectsIn = (file: string): readonly Any[] =>
  parseAllDocuments(readFileSync(file, 'utf8')).map((each) => each.toJS())

const renamed = (object: Any): Any => JSON.parse(JSON.stringify(object), (_, value) => NAMESPACES[value] ?? value)

export type RealRun = {
  readonly code: number
  readonly stderr: string
  readonly judgment: Judgment
  readonly folder: string
}

/** The account that matchday has, by its kubeconfig, and the folder that it writes to. */
export type Operator = { readonly kubeconfig: string; readonly folder: string }

/** `matchday run`, beside the control plane. Reports are below `folder`. @throws Error if it refused to run */
export async function rehearse(
  cluster: RealCluster,
  { kubeconfig, folder }: Operator,
  rehearsal: string,
  target = TARGET,
): Promise<RealRun> {
  mkdirSync(join(folder, 'reports'), { recursive: true })
  const reports = mkdtempSync(join(folder, 'reports', 'r-'))
  const { code, stderr } = await matchday(cluster, kubeconfig, target, 'run', resolve(rehearsal), '--reports', reports)
  const run = readdirSync(reports).find((name) => name !== 'latest')
  if (run === undefined) throw new Error(`the run left no folder: ${stderr}`)
  const judgment = JSON.parse(readFileSync(join(reports, run, 'verdict.json'), 'utf8')) as Judgment
  return { code, stderr, judgment, folder: join(reports, run) }
}

/** `matchday check`, beside the control plane. @returns its exit code and its JSON */
export async function check(cluster: RealCluster, kubeconfig: string, ...words: readonly string[]) {
  const { code, stdout, stderr } = await matchday(cluster, kubeconfig, TARGET, 'check', ...words, '-o', 'json')
  expect(stdout, stderr).not.toBe('')
  const seen: Any = JSON.parse(stdout)
  return { code, seen }
}

const matchday = (cluster: RealCluster, kubeconfig: string, target: string, ...words: readonly string[]) =>
  cluster.run(
    process.execPath,
    ...commandFlags,
    resolve('src/cli/main.ts'),
    ...words,
    ...['--context', 'real', '--kubeconfig', kubeconfig, '--target', resolve(target)],
  )
