import { readFileSync } from 'node:fs'
import type { ChaosObject, ChaosStatus, Condition } from '../../../src/protocols/chaos-mesh/objects.ts'
import { isChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'

/** One version of an object as recorded from Chaos Mesh itself; `t` in ms since the watch began. */
export type Recorded = {
  readonly t: number
  readonly name: string
  readonly gone: boolean
  readonly object: ChaosObject
}

type Line = {
  t: number
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  kind?: string
  name: string
  gen: number
  fin?: string[]
  del: boolean
  ann: string[]
  cond: Record<string, 'True' | 'False'>
  exp: NonNullable<ChaosStatus['experiment']>
  inst?: Record<string, number>
}

// The wall clock at the beginning of each recording, from the events' whole seconds, and what the objects said.
const files = {
  podchaos: { startMs: Date.parse('2026-11-23T17:35:27.500Z'), kind: 'PodChaos' },
  networkchaos: { startMs: Date.parse('2026-11-23T17:37:55.950Z'), kind: 'NetworkChaos' },
} as const

const selector = { labelSelectors: { app: 'api' } }
const specs: Record<string, unknown> = {
  'fail-two': { action: 'pod-failure', mode: 'fixed', value: '2', duration: '8s', selector },
  nobody: { action: 'pod-failure', mode: 'all', duration: '8s', selector: { labelSelectors: { app: 'nobody' } } },
  paused: { action: 'pod-failure', mode: 'one', selector },
  'psp-cut': {
    action: 'partition',
    mode: 'one',
    direction: 'both',
    duration: '8s',
    selector,
    target: { mode: 'one', selector },
  },
  slow: {
    action: 'delay',
    mode: 'one',
    selector,
    delay: { latency: '200ms', jitter: '20ms' },
    externalTargets: ['10.200.0.7'],
  },
}

export const recordedAtMs = (file: keyof typeof files, t: number): number => files[file].startMs + t

export function recording(file: keyof typeof files): Recorded[] {
  const path = new URL(`./observed/${file}.ndjson`, import.meta.url)
  const lines: Line[] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const chaos = lines.filter((line) => line.kind === undefined || line.kind === files[file].kind)
  const created = new Map(chaos.filter((line) => line.type === 'ADDED').map((line) => [line.name, line.t]))
  return chaos.map((line) => ({
    t: line.t,
    name: line.name,
    gone: line.type === 'DELETED',
    object: objectOf(file, line, created.get(line.name) ?? 0),
  }))
}

function objectOf(file: keyof typeof files, line: Line, createdT: number): ChaosObject {
  const seconds = (t: number) => new Date(Math.floor(recordedAtMs(file, t) / 1000) * 1000).toISOString()
  const conditions = Object.entries(line.cond).map(([type, status]) => ({ type, status }) as Condition)
  const object: unknown = {
    apiVersion: 'chaos-mesh.org/v1alpha1',
    kind: files[file].kind,
    metadata: {
      name: line.name,
      namespace: 'default',
      generation: line.gen,
      creationTimestamp: seconds(createdT),
      annotations: Object.fromEntries(line.ann.map((name) => [name, 'true'])),
      ...(line.fin && { finalizers: line.fin }),
      ...(line.del && { deletionTimestamp: seconds(line.t) }),
    },
    spec: specs[line.name],
    status: { conditions, experiment: line.exp, ...(line.inst && { instances: line.inst }) },
  }
  if (!isChaosObject(object)) throw new Error(`line at ${line.t} is no chaos object`)
  return object
}

/** The versions of one object, in order. */
export const versionsOf = (file: keyof typeof files, name: string): Recorded[] =>
  recording(file).filter((version) => version.name === name)
