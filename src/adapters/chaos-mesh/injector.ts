/**
 * adapters/chaos-mesh: faults as Chaos Mesh objects, in any cluster with Chaos Mesh, including the lab. Reads records instead of conditions. Sets its
 * own deadlines, so that faults end even if the controller dies. Finds leftovers by label.
 */
import type { Clock, FaultInjector } from '../../controller/ports.ts'
import type { ChaosSeen, ClusterObject } from '../../domain/cluster.ts'
import type { FaultStepData, ResidueItem, Undo } from '../../domain/evidence.ts'
import { RUN_LABEL, TARGET_LABEL } from '../../domain/labels.ts'
import type { Target } from '../../domain/rehearsal.ts'
import type { PlannedFault } from '../../domain/timeline.ts'
import { after, type Millis, seconds } from '../../domain/units.ts'
import { faultState, type SeenVersion } from '../../protocols/chaos-mesh/fault-state.ts'
import {
  type ChaosObject,
  type ChaosRecord,
  isChaosObject,
  KINDS,
  pluralOf,
} from '../../protocols/chaos-mesh/objects.ts'
import { selectedNamespaces } from '../../protocols/chaos-mesh/selector.ts'
import {
  ApiRefusal,
  demand,
  find,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../protocols/kubernetes/api.ts'
import { insist } from '../../protocols/kubernetes/insist.ts'

const LOOK_EVERY = seconds(0.25)
/** Chaos Mesh recovers within a few tenths of a second, and an aborted run has two seconds to heal, so polling is frequent. */
const GONE_LOOK_EVERY = seconds(0.05)

export function chaosMeshInjector(api: KubernetesApi, clock: Clock): FaultInjector {
  return {
    inventory: (_target, fault) => inventory(api, fault),
    undoOf,
    inject: (fault, deadline, onStep, onSeen, signal) => inject(api, clock, fault, deadline, onStep, onSeen, signal),
    undo: (undo, budget) => takeBack(api, clock, undo, budget),
    leftovers: (target) => leftovers(api, target),
    residue: (target) => residue(api, target),
  }
}

/** Pods and nodes that the fault's selectors can match. Selectors name namespaces or mean the object's own. */
async function inventory(api: KubernetesApi, fault: PlannedFault) {
  const namespaces = [...new Set([fault.object.metadata.namespace, ...selectedNamespaces(fault.object.spec)])]
  const [nodes, ...pods] = await Promise.all([
    demand(api, { method: 'GET', path: paths.nodes }),
    ...namespaces.map((namespace) => demand(api, { method: 'GET', path: paths.pods(namespace) })),
  ])
  return { pods: pods.flatMap((list) => [...itemsOf(list)]), nodes: [...itemsOf(nodes)] }
}

type DeleteObject = Extract<Undo, { does: 'delete-object' }>

function undoOf(fault: PlannedFault): DeleteObject {
  const { apiVersion, kind, metadata } = fault.object
  return {
    does: 'delete-object',
    apiVersion,
    objectKind: kind,
    plural: kind.toLowerCase(),
    namespace: metadata.namespace,
    name: metadata.name,
  }
}

const objectPath = (undo: Pick<DeleteObject, 'plural' | 'namespace' | 'name'>): string =>
  `${paths.chaos(undo.plural, undo.namespace)}/${undo.name}`

async function inject(
  api: KubernetesApi,
  clock: Clock,
  fault: PlannedFault,
  deadlineMs: Millis,
  onStep: (step: FaultStepData) => void,
  onSeen: (object: ClusterObject) => void,
  signal: AbortSignal,
): Promise<void> {
  const undo = undoOf(fault)
  const created = (await demand(api, {
    method: 'POST',
    path: paths.chaos(undo.plural, undo.namespace),
    body: fault.object,
    signal,
  })) as KubeObject
  onStep({ is: 'created', namespace: undo.namespace, name: undo.name, uid: created.metadata.uid ?? '' })
  const lost = lostFields(fault.object.spec, (created as { readonly spec?: unknown }).spec, 'spec')
  if (lost.length > 0) throw new Error(`the cluster's Chaos Mesh does not know ${lost.join(', ')} and ignores it`)
  const deadline = after(clock.now(), deadlineMs)
  const looking = new AbortController()
  const versions: SeenVersion[] = []
  const watchPath = `${paths.chaos(undo.plural, undo.namespace)}?fieldSelector=${encodeURIComponent(`metadata.name=${undo.name}`)}`
  const watch = api.watch(
    {
      path: watchPath,
      reduce: (object) => object,
      onEvent: ({ change, object }) => {
        if (!isChaosObject(object)) return
        versions.push({ atMs: clock.now(), object, gone: change === 'deleted' })
        onSeen(chaosSeen(object))
      },
      onLost: () => undefined,
    },
    AbortSignal.any([looking.signal, signal]),
  )
  try {
    onStep(await outcome(clock, versions, deadline, deadlineMs, signal))
  } finally {
    looking.abort()
    await watch
  }
}

/** Fields that were asked for and that the API server dropped, because the custom resource definition of an older version does not have them. */
function lostFields(asked: unknown, kept: unknown, path: string): readonly string[] {
  if (kept === undefined) return [path]
  if (typeof asked !== 'object' || asked === null || typeof kept !== 'object' || kept === null) return []
  return Object.entries(asked).flatMap(([key, value]) =>
    value === undefined
      ? []
      : lostFields(value, Object.entries(kept).find(([name]) => name === key)?.[1], `${path}.${key}`),
  )
}

/** Polls until the object is injected, or until it is clear that it will not be. */
async function outcome(
  clock: Clock,
  versions: readonly SeenVersion[],
  deadline: ReturnType<Clock['now']>,
  selectionWithinMs: Millis,
  signal: AbortSignal,
): Promise<FaultStepData> {
  for (;;) {
    const state = faultState(versions, { nowMs: clock.now(), selectionWithinMs })
    if (state.kind === 'injected') return { is: 'injected', pods: podsOf(versions.at(-1)?.object) }
    if (state.kind === 'never-selected')
      return { is: 'failed', problem: 'no pod was selected: the selectors match nothing now' }
    if (clock.now() >= deadline)
      return { is: 'failed', problem: problemOf(state, recordsIn(versions.at(-1)?.object), selectionWithinMs) }
    await clock.until(after(clock.now(), LOOK_EVERY), signal)
  }
}

/** Quotes what Chaos Mesh wrote into the records of the experiment. */
function problemOf(state: ReturnType<typeof faultState>, records: readonly ChaosRecord[], waitedMs: Millis): string {
  const waited = `after ${waitedMs / 1000} s`
  if (state.kind === 'failed')
    return `${waited} injection still fails: ${state.failures.map((each) => `${each.id}: ${each.message}`).join('; ')}`
  if (state.kind === 'injecting')
    return `${waited} not injected at ${records
      .filter(({ id }) => state.missing.includes(id))
      .map(recordText)
      .join('; ')}`
  return `${waited} the experiment is ${state.kind}`
}

function recordText({ id, phase, events }: ChaosRecord): string {
  const last = events?.at(-1)
  const said = last
    ? `last event ${last.operation} ${last.type}${last.message ? `: ${last.message}` : ''}`
    : 'no event yet'
  return `${id} (${phase}, ${said})`
}

const recordsIn = (object: ChaosObject | undefined): readonly ChaosRecord[] =>
  object?.status?.experiment?.containerRecords ?? []

/** Source pods, `namespace/name`. Targets of a network fault are its far end and do not count as harmed. */
function podsOf(object: ChaosObject | undefined): readonly string[] {
  const records = recordsIn(object)
  return [
    ...new Set(
      records.filter((each) => each.selectorKey === '.').map((each) => each.id.split('/').slice(0, 2).join('/')),
    ),
  ]
}

function chaosSeen(object: ChaosObject): ChaosSeen {
  const { experiment, conditions } = object.status ?? {}
  return {
    resource: 'Chaos',
    namespace: object.metadata.namespace,
    name: object.metadata.name,
    uid: object.metadata.uid ?? '',
    chaosKind: object.kind,
    ...(experiment?.desiredPhase ? { desiredPhase: experiment.desiredPhase } : {}),
    conditions: Object.fromEntries((conditions ?? []).map((each) => [each.type, each.status])),
    records: (experiment?.containerRecords ?? []).map(
      ({ id, selectorKey, phase, injectedCount, recoveredCount, events }) => {
        const last = events?.at(-1)
        return {
          id,
          selectorKey,
          phase,
          injectedCount,
          recoveredCount,
          ...(last?.type === 'Failed' ? { problem: last.message ?? 'no reason given' } : {}),
        }
      },
    ),
  }
}

/** Deletes the object and waits until it is gone: Chaos Mesh removes it only after it has recovered every record. */
async function takeBack(
  api: KubernetesApi,
  clock: Clock,
  undo: Undo,
  budgetMs: Millis,
): Promise<'undone' | 'already-gone'> {
  if (undo.does !== 'delete-object') throw new Error(`${undo.does} is no undo of a chaos object`)
  const path = objectPath(undo)
  const deadline = after(clock.now(), budgetMs)
  const late = () => clock.now() >= deadline
  const rest = () => clock.until(after(clock.now(), LOOK_EVERY))
  if ((await insist(() => find(api, { method: 'DELETE', path }), late, rest)) === undefined) return 'already-gone'
  while ((await insist(() => find(api, { method: 'GET', path }), late, rest)) !== undefined) {
    if (late()) {
      throw new Error(
        `${path} is still there ${budgetMs / 1000} s after its deletion. Look at its records (kubectl get -o yaml) before forcing anything: a forced finalizer leaves the harm behind.`,
      )
    }
    await clock.until(after(clock.now(), GONE_LOOK_EVERY))
  }
  return 'undone'
}

/**
 * Chaos objects of this target's runs. A fault is in the namespace that its file names, so the whole cluster is listed first. If the role may not
 * list it, the namespaces of the target are listed. Kinds that the cluster does not have are skipped.
 */
async function labelled(api: KubernetesApi, target: Target): Promise<readonly KubeObject[]> {
  const selector = `?labelSelector=${encodeURIComponent(`${RUN_LABEL},${TARGET_LABEL}=${target.namespace}`)}`
  const listed = async (kind: ChaosObject['kind'], namespace?: string) => {
    const path = `${paths.chaos(pluralOf(kind), namespace)}${selector}`
    const response = await api.request({ method: 'GET', path })
    if (response.status === 403) return 'forbidden'
    if (response.status === 404) return []
    if (response.status >= 300) throw new ApiRefusal({ method: 'GET', path }, response)
    return itemsOf(response.json).map((item) => ({ ...item, kind, apiVersion: 'chaos-mesh.org/v1alpha1' }))
  }
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      const everywhere = await listed(kind)
      if (everywhere !== 'forbidden') return everywhere
      // A role with least privilege lists only the kinds that its rehearsals use. A kind that we may not create cannot have leftovers of ours.
      const each = await Promise.all(namespacesOf(target).map((namespace) => listed(kind, namespace)))
      return each.flatMap((found) => (found === 'forbidden' ? [] : found))
    }),
  )
  return lists.flat()
}

const namespacesOf = ({ namespace, sources, books }: Target): readonly string[] => [
  ...new Set([namespace, ...[...Object.values(sources), ...books].map((each) => each.namespace)]),
]

async function leftovers(api: KubernetesApi, target: Target) {
  const objects = await labelled(api, target)
  return objects.map((object) => ({
    run: object.metadata.labels?.[RUN_LABEL] ?? '',
    undo: {
      does: 'delete-object' as const,
      apiVersion: object.apiVersion ?? '',
      objectKind: object.kind ?? '',
      plural: (object.kind ?? '').toLowerCase(),
      namespace: object.metadata.namespace ?? '',
      name: object.metadata.name,
    },
  }))
}

async function residue(api: KubernetesApi, target: Target): Promise<readonly ResidueItem[]> {
  const objects = await labelled(api, target)
  return objects.map((object) => ({
    what: `${object.kind} ${object.metadata.namespace}/${object.metadata.name} of run ${object.metadata.labels?.[RUN_LABEL]}`,
    where: object.metadata.deletionTimestamp
      ? `deleting, finalizers ${(object.metadata.finalizers ?? []).join(', ')}`
      : 'live',
    next: `matchday heal --context ${target.context}`,
  }))
}
