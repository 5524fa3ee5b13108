/**
 * The kinds of action in a rehearsal file, one entry for each: its key, its fields, its domain value, and its own rules. Rules about time, nodes and
 * databases are general; an entry only says what they apply to.
 */
import type { NodeChoice, Workload } from '../domain/change.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { ActDraft, ActionName } from './act-draft.ts'
import { cutover, cutoverOf } from './cutover-shape.ts'
import { follow, followOf } from './follow-shape.ts'
import { dnsLabel, name, objectName } from './name-shapes.ts'
import { type Field, may, need, record, tellApart } from './record.ts'
import { releaseOf } from './release.ts'
import { release } from './release-shape.ts'
import type { Report } from './report.ts'
import { restore, restoreOf } from './restore-shape.ts'
import { integer, mapped, type Shape, text, word } from './shape.ts'

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
    'At most this many of them, the first by name; all if left out.',
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
    'Powers nodes off, if the cluster can do that (label matchday.dev/power-control); undone by powering them on.',
    (draft, at) => ({
      act: { kind: 'power-off', nodes: choiceOf(draft) },
      mayMoveDatabase: true,
      check: checkNodes(draft, at),
    }),
  ),
  scale: act(
    tellApart({ statefulSet: record({ statefulSet, replicas }) }, { deployment: record({ deployment, replicas }) }),
    'Sets the replicas of a workload that no autoscaler owns; undone by restoring the previous number.',
    (draft) => ({
      act: { kind: 'scale', workload: workloadOf(draft), replicas: draft.value.replicas },
      mayMoveDatabase: true,
    }),
  ),
  pin: act(
    record({
      deployment,
      replicas: need(integer({ min: 1, max: 100_000, what: 'a number of pods' }), 'Number of replicas that it keeps.'),
    }),
    'Holds a Deployment at a number of replicas: its autoscaler gets it as minimum and maximum, a ScaledObject is paused at it; undone by restoring the previous values.',
    (draft) => ({
      act: { kind: 'pin', workload: { kind: 'Deployment', name: draft.deployment }, replicas: draft.replicas },
    }),
  ),
  rollout: act(
    tellApart({ statefulSet: record({ statefulSet }) }, { deployment: record({ deployment }) }),
    'Restarts the pods one after the other, as kubectl rollout restart; undone by restoring the previous template, if it is not complete.',
    (draft) => ({ act: { kind: 'rollout', workload: workloadOf(draft) }, mayMoveDatabase: true }),
  ),
  release: act(
    release,
    'Rolls out another image or pod template, and rolls it back at the end of `for`; undone by restoring the previous values.',
    releaseOf,
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
    'Sets one key of a ConfigMap; undone by restoring the previous value.',
    (draft) => ({ act: { kind: 'flag', ...draft } }),
  ),
  restore: act(
    restore,
    'Restores a copy of a database to a named point beside the live one and proves it by its book; the copy is removed.',
    restoreOf,
  ),
  cutover: act(
    cutover,
    'Moves the platform to its standby region in steps, each with a budget and a proof. It is not undone once it is done.',
    cutoverOf,
  ),
  follow: act(
    follow,
    'Watches the release of a Rollout (Argo Rollouts) until its own controller has promoted or aborted it; changes nothing.',
    followOf,
  ),
  promote: act(
    record({
      database: need(dnsLabel(63), 'Database of the target file.'),
      to: need(objectName('orders-db-1'), 'Member that becomes the primary.'),
    }),
    'Makes another member the primary of a database; undone by promoting the previous one.',
    (draft) => ({ act: { kind: 'promote', ...draft }, mayMoveDatabase: true }),
  ),
} as const satisfies Readonly<Record<string, Field<ActDraft, false>>>

export type { ActDraft } from './act-draft.ts'
export type ActKey = keyof typeof acts
export const ACT_KEYS = Object.keys(acts) as readonly ActKey[]
/** They are rolled back after a time that the file must give. */
export const ENDING_ACTS: readonly ActKey[] = ['release']

type ActsDraft = { readonly [K in ActKey]?: ActDraft | undefined }

/** The kind of action in the file: exactly one of these, or an issue. */
export const actKeysOf = (action: ActsDraft): readonly ActKey[] => ACT_KEYS.filter((key) => action[key] !== undefined)
export const actsOf = (action: ActsDraft): readonly ActDraft[] => ACT_KEYS.flatMap((key) => action[key] ?? [])
