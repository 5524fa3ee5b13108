/** One fault as the object that will be created: its run's label, a name of its own, a namespace, and the dead man's switch. */
import type { Issue } from '../domain/issue.ts'
import { RUN_LABEL, TARGET_LABEL } from '../domain/labels.ts'
import type { FaultSpec, Rehearsal, Target } from '../domain/rehearsal.ts'
import type { PlannedFault, PlannedPhase } from '../domain/timeline.ts'
import { startsBetween } from '../domain/trigger.ts'
import { millis, seconds } from '../domain/units.ts'
import { atAddresses } from '../protocols/chaos-mesh/addresses.ts'
import { faultOf } from '../protocols/chaos-mesh/fault.ts'
import type { PlanCode } from './codes.ts'
import { plannedTrigger } from './trigger.ts'

// The controller heals at the planned time. If the controller is dead, the cluster heals this much later.
const DEAD_MANS_SWITCH = seconds(10)

export function planFault(spec: FaultSpec, phases: readonly PlannedPhase[], target: Target, run: string): PlannedFault {
  const phase = phases.find(({ name }) => name === spec.during)
  if (phase === undefined) throw new Error(`fault ${spec.name} in an unknown phase was let through`)
  const { fromMs, latestMs } = startsBetween(spec, phase)
  const object = plannedObject(spec, target, run)
  const does = faultOf(object)
  if (does === undefined) throw new Error(`fault ${spec.name} of the unknown kind ${object.kind} was let through`)
  const { gate } = spec
  return {
    name: spec.name,
    fromMs,
    toMs: millis(latestMs + spec.forMs),
    ...(gate === undefined ? {} : { gate: { by: gate.by, opensMs: millis(Math.max(0, fromMs - gate.opensMs)) } }),
    ...plannedTrigger(spec, latestMs),
    does,
    object,
  }
}

function plannedObject({ name, object, forMs }: FaultSpec, target: Target, run: string): PlannedFault['object'] {
  const { apiVersion, kind, metadata } = object
  const labels = {
    ...metadata.labels,
    'app.kubernetes.io/managed-by': 'matchday',
    'matchday.dev/fault': slug(name),
    [RUN_LABEL]: run,
    [TARGET_LABEL]: target.namespace,
  }
  return {
    apiVersion,
    kind,
    metadata: {
      ...metadata,
      name: objectName(name, run),
      namespace: metadata.namespace ?? target.namespace,
      labels,
    },
    spec: { ...atAddresses(object, target.addresses), duration: `${Math.ceil((forMs + DEAD_MANS_SWITCH) / 1000)}s` },
  }
}

/** `carrier-a-down-1k2j3h4`: readable, and unique to the run and the fault. */
function objectName(fault: string, run: string): string {
  // 63 minus a hyphen, seven base-36 digits of a 32-bit number, and `-99` for objects that cover new pods.
  const readable = slug(fault).slice(0, 63 - 1 - 7 - 3)
  return `${readable.replace(/-+$/, '')}-${fingerprint(`${run}/${fault}`)}`
}

const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv): enough to tell the few objects of a cluster apart. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(36).padStart(7, '0')
}

/** Namespaces in which the planned object selects pods, its own included. */
export const namespacesOf = ({ does, object }: PlannedFault): readonly string[] => [
  ...new Set([object.metadata.namespace, ...does.sides.flatMap(({ namespaces }) => namespaces)]),
]

/** `files` checked the namespaces that the file names. Here the namespace from the target is included. */
export function reachIssues(spec: FaultSpec, fault: PlannedFault, { blastRadius }: Rehearsal): readonly Issue[] {
  const code: PlanCode = 'fault-outside-blast-radius'
  return namespacesOf(fault)
    .filter((namespace) => !blastRadius.namespaces.includes(namespace))
    .map((namespace) => ({
      at: spec.at,
      code,
      problem: `"${fault.name}" (${spec.apply}) reaches into the namespace ${namespace}, which the blast radius does not list.`,
      next: `add it to blastRadius in ${blastRadius.at.file}:${blastRadius.at.line}, or name other namespaces in ${spec.apply}.`,
    }))
}
