/** Chaos Mesh as its chart installs it, with images of the programs that were built here. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { entriesBelow, type LayerEntry } from '../../src/lab/images/oci/layer.ts'
import { librariesOf } from '../../src/lab/images/oci/libraries.ts'
import type { RealCluster } from './cluster.ts'
import { machineProgram } from './machine-program.ts'
import { programImage } from './program-image.ts'
import { buildChaosMesh, buildSmallProgram, type NodePrograms } from './programs.ts'

export type ChaosMesh = {
  readonly archives: readonly string[]
  /** Files for `kubectl create`, in this order. */
  readonly definitions: string
  readonly objects: string
}

/** Also the namespace. */
const CHAOS_MESH = 'chaos-mesh'
const TAG = 'real'

/** Writes below `folder`. */
export async function chaosMesh(nodes: NodePrograms, folder: string): Promise<ChaosMesh> {
  const programs = buildChaosMesh()
  mkdirSync(folder, { recursive: true })
  const archives = [
    await archiveOf('chaos-mesh', folder, [program('chaos-controller-manager', programs)]),
    await archiveOf('chaos-daemon', folder, [
      program('chaos-daemon', programs),
      { ...program('nsexec', programs), source: buildSmallProgram('nsexec', programs) },
      ...(await networkTools(nodes)),
      { kind: 'folder', path: 'run' },
    ]),
  ]
  return { archives, definitions: definitionsIn(programs, folder), objects: objectsIn(programs, folder) }
}

const program = (name: string, folder: string) =>
  ({ kind: 'file', path: `usr/local/bin/${name}`, source: join(folder, name), executable: true }) as const

const archiveOf = (name: string, folder: string, entries: readonly LayerEntry[]): Promise<string> =>
  programImage(folder, { name: `ghcr.io/${CHAOS_MESH}/${name}`, tag: TAG, user: '0:0' }, entries)

/** Resolves when its programs are ready. */
export async function installChaosMesh(cluster: RealCluster, { definitions, objects }: ChaosMesh): Promise<void> {
  await cluster.kubectl('create', 'namespace', CHAOS_MESH)
  await cluster.kubectl('create', '-f', definitions)
  await cluster.kubectl('create', '-f', objects)
  for (const each of ['daemonset/chaos-daemon', 'deployment/chaos-controller-manager'])
    await cluster.kubectl('-n', CHAOS_MESH, 'rollout', 'status', each, '--timeout=300s')
}

/** What the daemon runs in the namespace of a pod: iptables, ipset, ip and tc. */
async function networkTools({ netfilter }: NodePrograms): Promise<readonly LayerEntry[]> {
  const libraries = join(netfilter, 'lib')
  const own = entriesBelow(netfilter, '', (path) => /^(usr|bin|sbin)\//.test(path) && !path.startsWith('usr/share'))
  const needed = await Promise.all(
    ['iptables', 'ipset'].map((name) => librariesOf(join(netfilter, 'bin', name), libraries)),
  )
  const machine = await Promise.all(['ip', 'tc'].map((name) => machineProgram(name, 'usr/sbin')))
  return [...needed.flat(), ...machine.flat(), ...own]
}

/**
 * The custom resources of the chart. The Go module of the API is newer than the chart: its webhook sets `partitionBehavior`, which the chart's resources do
 * not know, so that each later update of an experiment looks like a forbidden change. Here they know it.
 */
function definitionsIn(programs: string, folder: string): string {
  const into = join(folder, 'definitions')
  mkdirSync(into, { recursive: true })
  const from = join(programs, 'chart/crds')
  for (const name of readdirSync(from)) {
    const text = readFileSync(join(from, name), 'utf8')
    writeFileSync(join(into, name), /_(pod)?networkchaos\.yaml$/.test(name) ? withPartitionBehavior(text) : text)
  }
  return into
}

// biome-ignore lint/suspicious/noExplicitAny: a schema is read freely
type Any = any

function withPartitionBehavior(text: string): string {
  const definition: Any = parse(text)
  for (const { schema } of definition.spec.versions) {
    const { properties } = schema.openAPIV3Schema.properties.spec
    const holder = properties.iptables?.items.properties ?? properties
    holder.partitionBehavior = { type: 'string' }
  }
  return stringify(definition)
}

function objectsIn(programs: string, folder: string): string {
  const values = join(import.meta.dirname, 'chaos-mesh.values.yaml')
  const file = join(folder, 'objects.yaml')
  writeFileSync(file, execFileSync(join(programs, 'render'), [join(programs, 'chart'), values, CHAOS_MESH]))
  return file
}
