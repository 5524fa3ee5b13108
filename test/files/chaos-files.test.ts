/** Every file of chaos/: read as a rehearsal reads it, enacted by the lab, and aimed at what the platform's manifests really make. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { formatIssue } from '../../src/domain/issue.ts'
import { readChaosFile } from '../../src/files/chaos-file.ts'
import { wholeFile } from '../../src/files/files.ts'
import { collectIssues } from '../../src/files/report.ts'
import { labProblems } from '../../src/lab/chaos-daemon/lab-limits.ts'
import { labNodes } from '../../src/lab/topology/node-table.ts'
import { selectorsOf } from '../../src/protocols/chaos-mesh/experiment.ts'
import { type ChaosObject, isChaosObject } from '../../src/protocols/chaos-mesh/objects.ts'
import { matchingPods, type SelectablePod } from '../../src/protocols/chaos-mesh/selector.ts'
import { strictProblems } from '../../src/protocols/chaos-mesh/strict.ts'

const root = join(import.meta.dirname, '../..')
const paths = readdirSync(join(root, 'chaos'))
  .filter((file) => file.endsWith('.yaml'))
  .map((file) => `chaos/${file}`)
const textOf = (path: string): string => readFileSync(join(root, path), 'utf8')
const read = (path: string) => {
  const issues = collectIssues()
  const file = readChaosFile({ read: textOf }, path, wholeFile(path), issues.report)
  return { object: file?.object, issues: issues.found().map(formatIssue) }
}
const objectOf = (path: string): ChaosObject => {
  const { object } = read(path)
  if (!isChaosObject(object)) throw new Error(`${path} is no chaos object`)
  return object
}

type Workload = {
  kind: string
  metadata: { name: string; namespace: string }
  spec: { template: { metadata: { labels: Record<string, string> }; spec: { containers: Container[] } } }
}
type Container = { name: string; ports?: { containerPort: number }[] }
type PlatformPod = SelectablePod & { containers: Container[] }

const nodes = labNodes().map(({ name, zone }) => ({
  metadata: { name, labels: { 'topology.kubernetes.io/zone': zone } },
}))
const manifests = join(root, 'src/platform/manifests/base')
/** A pod of each workload on each node, as the StatefulSet controller and the databases' operator would label it. */
const pods: PlatformPod[] = readdirSync(manifests)
  .filter((file) => file.endsWith('.yaml'))
  .flatMap((file) =>
    parseAllDocuments(readFileSync(join(manifests, file), 'utf8')).map((document) => document.toJS() as Workload),
  )
  .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
  .flatMap(({ metadata, spec: { template } }) =>
    nodes.map(({ metadata: node }, at) => {
      const name = `${metadata.name}-${at}`
      const role = at === 0 ? 'primary' : 'standby'
      const own = { 'statefulset.kubernetes.io/pod-name': name, 'casino.matchday.dev/role': role }
      const labels = { ...template.metadata.labels, ...(metadata.name === 'wallet-db' ? own : {}) }
      const { containers } = template.spec
      return { metadata: { name, namespace: metadata.namespace, labels }, spec: { nodeName: node.name }, containers }
    }),
  )
const hit = (object: ChaosObject): PlatformPod[][] =>
  selectorsOf(object).map(([, { selector }]) => {
    const matching = matchingPods(selector, pods, nodes, object.metadata.namespace)
    return matching.ok ? [...matching.pods] : []
  })

describe.each(paths)('%s', (path) => {
  it('is accepted by kubectl apply, means in Chaos Mesh what it says, and is enacted by the lab', () => {
    expect(read(path).issues).toEqual([])
    expect(labProblems(objectOf(path))).toEqual([])
    expect(strictProblems(objectOf(path))).toEqual([])
  })

  it('is named like its object, and begins with what it does and what witnesses it', () => {
    expect(objectOf(path).metadata.name).toBe(basename(path, '.yaml'))
    const comment = textOf(path).split('apiVersion:')[0]
    expect(comment).toMatch(/^# [A-Z]/)
    expect(comment).toMatch(/Witness:\s/)
  })

  it('ends by itself, unless it acts only once', () => {
    const { kind, spec } = objectOf(path)
    const strikesOnce = kind === 'PodChaos' && spec.action !== 'pod-failure'
    expect(spec.duration !== undefined).toBe(!strikesOnce)
  })

  it('selects pods on each side that it names', () => {
    for (const side of hit(objectOf(path))) expect(side).not.toEqual([])
  })

  it('names containers and ports that the pods have', () => {
    const object = objectOf(path)
    const containers = hit(object)
      .flat()
      .flatMap((pod) => pod.containers)
    if (object.kind === 'PodChaos' && object.spec.containerNames)
      expect(containers.map(({ name }) => name)).toEqual(expect.arrayContaining([...object.spec.containerNames]))
    if (object.kind !== 'HTTPChaos') return
    expect(containers.flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort))).toContain(
      object.spec.port,
    )
  })
})

describe('a chaos file that went wrong before', () => {
  it.each([
    ['c66-trailing-separator', []],
    [
      'c20-external-negated',
      [
        ':11 chaos-doubtful',
        'Chaos Mesh would accept this, but "!10.0.0.0/8" is neither an IPv4 address, a CIDR nor a host name.',
      ],
    ],
    ['c28-annotation-pause', [':6 chaos-doubtful', 'the experiment is paused, so the fault is never injected.']],
  ])('%s is reported', (name, said) => {
    const { issues } = read(`test/files/cases/${name}.yaml`)
    expect(issues).toHaveLength(said.length === 0 ? 0 : 1)
    for (const words of said) expect(issues[0]).toContain(words)
  })

  it.each([
    ['an empty map of labels', 'labelSelectors: {app.kubernetes.io/name: payments-api}', 'labelSelectors:'],
    ['a far side without a selector', /target:\n[\s\S]*?psp-a}/, 'target:\n    mode: all'],
  ])('%s gives no stack trace', (_, from, to) => {
    const text = textOf('test/files/good/chaos.yaml').replace(from, to)
    const { report } = collectIssues()
    expect(() => readChaosFile({ read: () => text }, 'x.yaml', wholeFile('x.yaml'), report)).not.toThrow()
  })
})

it('every fault of a rehearsal has its file', () => {
  const named = [
    'psp-down psp-slow psp-flaky psp-abort psps-down psp-unresolvable game-provider-down game-provider-slow zone-b-lost',
    'wallet-db-cut gateway-pod-kill payments-container-kill wallet-pod-failure realtime-pod-kill',
  ].flatMap((line) => line.split(' '))
  expect(paths).toEqual(expect.arrayContaining(named.map((name) => `chaos/${name}.yaml`)))
})
