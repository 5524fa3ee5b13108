/**
 * The kinds of action in a rehearsal file, one entry for each: its key, what may stand there, what it becomes, and the rules of its own. Rules about
 * time, nodes and databases are general; an entry only says to what they apply.
 */
import type { Act } from '../domain/action.ts'
import type { NodeChoice, Workload } from '../domain/change.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { dnsLabel, name, objectName, within } from './name-shapes.ts'
import { type Field, may, need, record, tellApart } from './record.ts'
import type { Report } from './report.ts'
import { integer, mapped, type Placed, type Shape, table, text, word } from './shape.ts'

/** What an action is once its key was read. */
export type ActDraft = {
  readonly at: SourcePoint
  readonly act: Act
  /** The primary of a database may stand on what it takes. */
  readonly mayMoveDatabase?: true
  /** It must be complete in `done` while it lasts, and be taken back in `undone` after its end. */
  readonly times?: { readonly done: ActTime; readonly undone: ActTime }
  /** What its own parts must fulfil together. */
  readonly check?: (action: ActionName, report: Report) => void
}
type ActTime = { readonly what: string; readonly within: Placed<number> }
type ActionName = { readonly at: SourcePoint; readonly name: string; readonly ends: boolean }

const act = <T>(shape: Shape<T>, doc: string, of: (value: T, at: SourcePoint) => Omit<ActDraft, 'at'>) =>
  may(
    mapped(shape, (value, { at }): ActDraft => ({ at, ...of(value, at) })),
    doc,
  )

const nodes = {
  zone: may(name('the name of a zone', 'zone-b'), 'Only nodes of this zone.'),
  pool: may(name('the name of a node pool', 'realtime'), 'Only nodes of this pool.'),
  atMost: may(
    integer({ min: 1, max: 100_000, what: 'a number of nodes' }),
    'Only the first so many of them, by name; all if left out.',
  ),
}
const anyOf = <T>(shape: Shape<T>, ...keys: readonly string[]): Shape<T> => ({
  schema: { ...shape.schema, anyOf: keys.map((key) => ({ required: [key] })) },
  decode: shape.decode,
})
const onNodes = <T>(shape: Shape<T>): Shape<T> => anyOf(shape, 'zone', 'pool')

type NodesDraft = { readonly [K in keyof NodeChoice]-?: NodeChoice[K] | undefined }

const choiceOf = ({ zone, pool, atMost }: NodesDraft): NodeChoice => ({
  ...(zone === undefined ? {} : { zone }),
  ...(pool === undefined ? {} : { pool }),
  ...(atMost === undefined ? {} : { atMost }),
})

/** An action on all nodes of a cluster is never intended. */
const checkNodes =
  ({ zone, pool }: NodesDraft, at: SourcePoint) =>
  (_: ActionName, report: Report): void => {
    if (zone !== undefined || pool !== undefined) return
    report(at, 'missing-key', 'This would choose among all nodes of the cluster.', 'add a zone or a pool.')
  }

const deployment = need(objectName('gateway'), 'Name of the Deployment.')
const statefulSet = need(objectName('orders-db'), 'Name of the StatefulSet.')
const replicas = need(integer({ min: 0, max: 100_000, what: 'a number of pods' }), 'Replicas that it gets.')

type WorkloadDraft =
  | { readonly kind: 'statefulSet'; readonly value: { readonly statefulSet: string } }
  | { readonly kind: 'deployment'; readonly value: { readonly deployment: string } }

const workloadOf = (draft: WorkloadDraft): Workload =>
  draft.kind === 'statefulSet'
    ? { kind: 'StatefulSet', name: draft.value.statefulSet }
    : { kind: 'Deployment', name: draft.value.deployment }

const labelKey = text({
  form: 'the key of a taint',
  example: 'matchday.dev/zone-lost',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$/,
})
const container = { form: 'the name of a container', example: 'app', pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/ }
// A reference as the container runtimes take it: no spaces, and not as long as a page.
const image = text({
  form: 'an image',
  example: 'registry.example/orders@sha256:…',
  pattern: /^[A-Za-z0-9][^\s]{0,511}$/,
})
const annotationKey = {
  form: 'the key of an annotation',
  example: 'checksum/config',
  pattern: /^[A-Za-z0-9][A-Za-z0-9._/-]{0,316}$/,
}

export const acts = {
  taint: act(
    onNodes(
      record({
        ...nodes,
        key: need(labelKey, 'Key of the taint.'),
        effect: need(word('NoSchedule', 'PreferNoSchedule', 'NoExecute'), 'Effect of the taint.'),
      }),
    ),
    'Taints nodes; undone by removing the taint.',
    (draft, at) => ({
      act: { kind: 'taint', nodes: choiceOf(draft), key: draft.key, effect: draft.effect },
      check: checkNodes(draft, at),
    }),
  ),
  drain: act(
    onNodes(record(nodes)),
    'Cordons nodes and evicts their pods through the Eviction API, as kubectl drain; undone by uncordoning.',
    (draft, at) => ({
      act: { kind: 'drain', nodes: choiceOf(draft) },
      mayMoveDatabase: true,
      check: checkNodes(draft, at),
    }),
  ),
  powerOff: act(
    onNodes(record(nodes)),
    'Nodes lose power, where the cluster offers that (label matchday.dev/power-control); undone by power on.',
    (draft, at) => ({
      act: { kind: 'power-off', nodes: choiceOf(draft) },
      mayMoveDatabase: true,
      check: checkNodes(draft, at),
    }),
  ),
  scale: act(
    tellApart({ statefulSet: record({ statefulSet, replicas }) }, { deployment: record({ deployment, replicas }) }),
    'Sets the replicas of a workload that no autoscaler owns; undone by the number before.',
    (draft) => ({
      act: { kind: 'scale', workload: workloadOf(draft), replicas: draft.value.replicas },
      mayMoveDatabase: true,
    }),
  ),
  rollout: act(
    tellApart({ statefulSet: record({ statefulSet }) }, { deployment: record({ deployment }) }),
    'Restarts the pods one after the other, as kubectl rollout restart; undone by the template before, when it is not complete.',
    (draft) => ({ act: { kind: 'rollout', workload: workloadOf(draft) }, mayMoveDatabase: true }),
  ),
  release: act(
    anyOf(
      record({
        shape: may(
          word('rolling'),
          "How the new pods are let in. rolling (the default): by the Deployment's own rolling update.",
        ),
        deployment,
        image: may(table(container, image), 'The image that each of these containers gets, best by digest.'),
        annotations: may(
          table(annotationKey, text({ form: 'a text', example: "'3f1c'" })),
          'Annotations that the pod template gets, such as the checksum of a ConfigMap: a change of configuration is a release too.',
        ),
        within: within(
          'Longest time until every pod runs it. A release that is not complete by then is rolled back at once.',
        ),
        rollBackWithin: within('Longest time from the end of `for` until every pod runs what it ran before.'),
      }),
      'image',
      'annotations',
    ),
    'Rolls out another image, or another pod template, and rolls it back at the end of `for`; undone by the values before.',
    (draft, at) => ({
      act: {
        kind: 'release',
        shape: 'rolling',
        workload: { kind: 'Deployment', name: draft.deployment },
        images: draft.image ?? {},
        annotations: draft.annotations ?? {},
        withinMs: draft.within.value,
        backWithinMs: draft.rollBackWithin.value,
      },
      mayMoveDatabase: true,
      times: {
        done: { what: 'The release', within: draft.within },
        undone: { what: 'The rollback', within: draft.rollBackWithin },
      },
      check: (action, report) => {
        if (Object.keys({ ...draft.image, ...draft.annotations }).length === 0)
          report(at, 'missing-key', `The release "${action.name}" changes nothing.`, 'add image or annotations.')
        if (action.ends) return
        const problem = `The release "${action.name}" has no time after which it is rolled back.`
        report(action.at, 'missing-key', problem, 'add for: 60s.')
      },
    }),
  ),
  flag: act(
    record({
      configMap: need(objectName('features'), "Name of a ConfigMap in the target's namespace."),
      key: need(
        text({ form: 'a key of a ConfigMap', example: 'recommendations', pattern: /^[-._a-zA-Z0-9]{1,253}$/ }),
        'Key that is set.',
      ),
      value: need(text({ form: 'a text', example: "'off'" }), 'Value that it gets.'),
    }),
    'Sets one key of a ConfigMap; undone by the value before.',
    (draft) => ({ act: { kind: 'flag', ...draft } }),
  ),
  promote: act(
    record({
      database: need(dnsLabel(63), 'Database of the target file.'),
      to: need(objectName('orders-db-1'), 'Member that becomes the primary.'),
    }),
    'Makes another member the primary of a database; undone by promoting the one before.',
    (draft) => ({ act: { kind: 'promote', ...draft }, mayMoveDatabase: true }),
  ),
} as const satisfies Readonly<Record<string, Field<ActDraft, false>>>

export type ActKey = keyof typeof acts
export const ACT_KEYS = Object.keys(acts) as readonly ActKey[]
/** They are taken back after a time that the file must give. */
export const ENDING_ACTS: readonly ActKey[] = ['release']

type ActsDraft = { readonly [K in ActKey]?: ActDraft | undefined }

/** The kind of action in the file: exactly one of these, or an issue. */
export const actKeysOf = (action: ActsDraft): readonly ActKey[] => ACT_KEYS.filter((key) => action[key] !== undefined)
export const actsOf = (action: ActsDraft): readonly ActDraft[] => ACT_KEYS.flatMap((key) => action[key] ?? [])
