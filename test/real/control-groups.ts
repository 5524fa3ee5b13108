/**
 * Control groups for the clusters of this process. Each machine that a cluster stands for has one: every node, the control plane, and the machine on
 * which matchday and k6 run. Without them, a node that boots and starts its pods takes the processor from the API server, and a run loses its lock.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const ROOT = '/sys/fs/cgroup'
/** The hierarchy of version 1 that divides processor time. With version 2 there is none, and the kubelet makes its own folders. */
const CPU = join(ROOT, 'cpu')
/** A node has 1024, the kernel's default. */
const SHARES: Readonly<Record<string, number>> = { 'control-plane': 4096, operator: 4096 }

/**
 * The same path in every hierarchy, as a kubelet needs it. It is below the group of this process, so that a cluster takes no processor time beyond
 * that of its caller.
 */
export const CGROUP = join(ownGroup(), `matchday-real-${process.pid}`)
/** Where the groups of the machines are; undefined if processor time is not divided. */
export const CPU_GROUP = existsSync(join(CPU, 'cpu.shares')) ? join(CPU, CGROUP) : undefined

function ownGroup(): string {
  const file = '/proc/self/cgroup'
  const groups = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const [, path = ''] = /^\d+:[^:]*\bcpu\b[^:]*:\/(.*)$/m.exec(groups) ?? []
  return existsSync(join(CPU, path)) ? path : ''
}

const hierarchies = (): readonly string[] =>
  existsSync(join(ROOT, 'cgroup.controllers'))
    ? [ROOT]
    : readdirSync(ROOT)
        .map((name) => join(ROOT, name))
        .filter((each) => existsSync(join(each, 'cgroup.procs')))

/** Groups above the cluster's own that did not exist in some hierarchy. */
const added: string[] = []

export function makeCgroups(nodes: readonly string[]): void {
  for (const hierarchy of hierarchies()) for (const node of nodes) makeGroup(hierarchy, join(CGROUP, node))
  if (CPU_GROUP === undefined) return
  for (const [machine, shares] of Object.entries(SHARES)) {
    makeGroup(CPU, join(CGROUP, machine))
    writeFileSync(join(CPU_GROUP, machine, 'cpu.shares'), String(shares))
  }
}

function makeGroup(hierarchy: string, path: string): void {
  const names = path.split('/')
  const levels = names.map((_, index) => names.slice(0, index + 1).join('/'))
  for (const level of levels.filter((each) => !existsSync(join(hierarchy, each)))) {
    const folder = join(hierarchy, level)
    mkdirSync(folder)
    if (!level.startsWith(CGROUP)) added.push(folder)
    // A new group has no processors and no memory.
    for (const file of hierarchy.endsWith('/cpuset') ? ['cpuset.cpus', 'cpuset.mems'] : [])
      writeFileSync(join(folder, file), readFileSync(join(dirname(folder), file)))
  }
}

/** The command, with the processor time of the machine on which matchday runs. */
export const asOperator = (command: readonly string[]): readonly string[] =>
  CPU_GROUP === undefined
    ? command
    : ['sh', '-c', `echo $$ >${join(CPU_GROUP, 'operator/cgroup.procs')}; exec "$0" "$@"`, ...command]

/** Those of this process's clusters that exist. */
export const leftCgroups = (): readonly string[] =>
  hierarchies()
    .map((each) => join(each, CGROUP))
    .filter((each) => existsSync(each))

/** Processes that were killed may hold theirs for a moment. */
export async function removeCgroups(): Promise<void> {
  for (let left = 50; left > 0 && leftCgroups().length > 0; left -= 1) {
    for (const each of leftCgroups()) removeBelow(each)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  if (leftCgroups().length > 0) throw new Error(`the cgroup ${CGROUP} cannot be removed`)
  // Another cluster may still use them.
  for (const each of added.splice(0).toReversed()) removeGroup(each)
}

function removeBelow(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeBelow(join(folder, entry.name))
  removeGroup(folder)
}

function removeGroup(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // It is in use. Those of this cluster are tried again.
  }
}
