/** Every kind of record that a journal of format 2 holds, field by field. */
import { isObject } from '../../domain/unknown.ts'
import { blockEnded, blockStarted, restAwaited, sessionStarted } from './block-shape.ts'
import { clusterObject, postureKind, postureObject } from './cluster-shape.ts'
import { cutoverProof, cutoverStep, objectField, region, servicePath } from './cutover-shape.ts'
import { rehearsal, target, timeline } from './rehearsal-shape.ts'
import {
  amount,
  fieldValue,
  flag,
  type JournalShape,
  list,
  moment,
  ms,
  number,
  type Of,
  object,
  oneOf,
  orNull,
  pair,
  record,
  share,
  text,
  variants,
} from './shape.ts'

const at = moment
const problem = text

const audit = object({ files: list(object({ path: text, sha256: text })) }, { user: text, host: text })

const environment = object(
  {
    matchday: text,
    node: text,
    k6: text,
    kubernetes: text,
    clusterUid: text,
    cores: number,
    seed: number,
    command: text,
  },
  { audit, podNetwork: text },
)

const sli = object({
  good: amount,
  bad: amount,
  badBy: record(amount),
  slow: amount,
  overCeiling: amount,
  histogram: list(pair(number, amount)),
})

const operation = object({
  acknowledged: amount,
  amountCents: number,
  digestLow: number,
  digestHigh: number,
  refused: amount,
  unknown: amount,
})

const sockets = object(
  { open: number, connected: amount, failed: amount, dropped: amount },
  { sentAway: amount, kept: amount, moved: amount },
)

const loadFrame = object(
  {
    at,
    instance: text,
    slis: record(sli),
    profiles: record(object({ iterations: amount, dropped: amount })),
    operations: record(operation),
    unknownKeys: list(object({ operation: text, key: text })),
    vus: number,
  },
  { sockets, loopLag: object({ count: amount, p95Ms: number }) },
)

const failed = object({ problem })
const none = object({})

const ofTrigger = {
  armed: object({ note: text }),
  triggered: object({ note: text, readAt: moment }),
  'trigger-missed': object({ note: text }),
}

const faultStep = variants('is', {
  ...ofTrigger,
  admitted: object({ pods: list(text), candidates: number, limit: number, note: text }),
  refused: failed,
  created: object({ namespace: text, name: text, uid: text }),
  injected: object({ pods: list(text) }),
  failed,
  coverage: object({ covered: number, matching: number, escaped: list(text) }),
  'gate-opened': object({ by: oneOf('owner', 'coordinator', 'reporter', 'observer') }),
  'gate-closed': object({ answer: oneOf('go', 'no-go', 'none') }, { who: text }),
  'heal-requested': none,
  healed: none,
  'heal-failed': failed,
})

const cohortRound = object({ canary: amount, stable: amount, unnamed: amount, failed: amount, moved: amount })
const cutCells = object({
  operation: text,
  cells: list(object({ count: amount, amountCents: number, digestLow: amount, digestHigh: amount })),
})

const writable = oneOf('yes', 'no', 'unread')
const bookRegion = oneOf('old-drained', 'old-before', 'old-after', 'new')

const actionStep = variants('is', {
  ...ofTrigger,
  admitted: object({ targets: list(text), pods: list(text), limit: number, note: text }),
  refused: failed,
  begun: object({ targets: list(text) }),
  evicted: object({ pod: text, node: text }),
  'eviction-refused': object({ pod: text, node: text, problem }),
  previewed: object({ request: text, asked: amount, good: amount }, { problem: text }),
  'preview-decided': object({ outcome: oneOf('promote', 'roll-back'), counted: amount }),
  'cohorts-visited': object({ canary: cohortRound, stable: cohortRound }),
  'answers-compared': object(
    {
      request: text,
      asked: amount,
      compared: amount,
      different: list(object({ field: text, times: amount, noise: amount, stable: text, canary: text })),
    },
    { problem: text },
  ),
  'books-counted': object(
    {
      books: list(
        object({ book: text, operation: text, count: amount, amountCents: number, low: amount, high: amount }),
      ),
    },
    { problem: text },
  ),
  'config-written': object({ configMap: text, was: text, now: text, taken: list(oneOf('environment', 'files')) }),
  'migration-begun': object({ migration: text, job: text }),
  'migration-done': object({ migration: text }),
  'step-set': object({ step: amount, share }, { release: text }),
  'step-decided': object(
    { step: amount, outcome: oneOf('promote', 'hold', 'roll-back'), note: text },
    { reason: oneOf('worse', 'weight-not-served', 'cohorts-mixed', 'undecided', 'paused', 'aborted') },
  ),
  'restore-step': object({
    step: oneOf('backed-up', 'point-asked', 'point-set', 'archived', 'copy-asked', 'copy-ready'),
    note: text,
  }),
  'copy-failed': failed,
  'copy-read': object(
    { book: text, cuts: list(moment), live: list(cutCells), copy: list(cutCells) },
    { imbalanceCents: number },
  ),
  'cutover-begun': object({ step: cutoverStep }),
  'cutover-share': object({ share }),
  'cutover-proven': object({ step: cutoverStep, note: text }),
  'cutover-stopped': object(
    { step: cutoverStep, ends: oneOf('back', 'onward'), problem },
    { differs: oneOf(true), unread: oneOf(true) },
  ),
  'regions-read': object({ step: cutoverStep, from: writable, to: writable }),
  'region-book': object({ book: text, region: bookRegion, cuts: list(moment), cells: list(cutCells) }),
  'region-book-unread': object({ region: bookRegion, problem }),
  done: object({ note: text }),
  kept: none,
  failed,
  'heal-requested': none,
  healed: none,
  'heal-failed': failed,
})

const settled = variants('kind', {
  'rolled-out': object({ path: text }),
  'node-ready': object({ path: text }),
  'fields-equal': object({ path: text, desired: list(text), observed: list(text) }),
})

const template = object({ images: record(text), annotations: record(orNull(text)) }, { configMaps: record(text) })
const weight = orNull(number)
const move = variants('kind', {
  field: object({ ...objectField, value: orNull(fieldValue) }),
  call: object(servicePath),
  weights: object({ namespace: text, route: text, backends: pair(text, text), weights: pair(weight, weight) }),
})
const moves = object({ step: cutoverStep, moves: list(move), proofs: list(cutoverProof) })

const undo = variants('does', {
  'delete-object': object({ apiVersion: text, objectKind: text, plural: text, namespace: text, name: text }),
  'remove-taint': object({ node: text, key: text, effect: text }),
  'restore-field': object({ path: text, field: list(text), wrote: fieldValue, was: orNull(fieldValue) }, { settled }),
  'restore-template': object({ path: text, wrote: template, was: template, settled }),
  'restore-values': object({ path: text, wrote: record(text), was: record(orNull(text)) }),
  'restore-weights': object(
    {
      path: text,
      backends: pair(text, text),
      wrote: list(pair(number, number)),
      was: pair(orNull(number), orNull(number)),
    },
    { serves: text },
  ),
  'remove-mirror': object({ path: text, stable: text, backend: text, share: number }),
  'delete-copy': object({ apiVersion: text, plural: text, namespace: text, name: text }),
  'end-cutover': object(
    { plan: text, namespace: text, name: text, from: region, to: region, back: list(moves), onward: list(moves) },
    { noWayBackFrom: cutoverStep },
  ),
})

const series = object({ name: text, labels: record(text), value: number })

/** `ok` tells a reading from a failed one. */
const goodSample = object(
  { at, source: text, pod: text, ok: oneOf(true), series: list(series) },
  { empty: list(text), unread: list(object({ metric: text, problem }, { absent: oneOf(true) })) },
)
const badSample = object({ at, source: text, pod: text, ok: oneOf(false), problem })
const sample: JournalShape<Of<typeof goodSample> | Of<typeof badSample>> = (
  value,
  fault,
): value is Of<typeof goodSample> | Of<typeof badSample> =>
  isFailed(value) ? badSample(value, fault) : goodSample(value, fault)

const isFailed = (value: unknown): boolean => isObject(value) && value.ok === false

const active = object({ alert: text, labels: record(text), state: oneOf('pending', 'firing'), activeAt: moment })
const ruleHealth = object({ alert: text, health: text }, { evaluatedAt: moment, problem: text })
const goodAlerts = object({ at, ok: oneOf(true), active: list(active), rules: list(ruleHealth) })
const badAlerts = object({ at, ok: oneOf(false), problem })
const alertsRead: JournalShape<Of<typeof goodAlerts> | Of<typeof badAlerts>> = (
  value,
  fault,
): value is Of<typeof goodAlerts> | Of<typeof badAlerts> =>
  isFailed(value) ? badAlerts(value, fault) : goodAlerts(value, fault)

const bookLine = object({
  operation: text,
  count: amount,
  amountCents: number,
  low: number,
  high: number,
  duplicates: amount,
  duplicateKeys: list(text),
  buckets: list(object({ bucket: number, count: amount, amountCents: number, low: number, high: number })),
})

const bookRead = object(
  { at, book: text, settled: flag, pending: record(number), entries: list(bookLine), final: flag },
  { imbalanceCents: number },
)

const cell = { fromAt: number, count: amount, low: number, high: number }
const receiptsTold = object({
  at,
  stream: text,
  receiver: text,
  part: amount,
  parts: amount,
  watched: amount,
  open: list(pair(number, number)),
  cells: list(object({ ...cell, latestMs: number })),
  again: amount,
})
const deliveriesRead = object({
  at,
  stream: text,
  book: text,
  receivers: list(object({ receiver: text, cells: list(object(cell)) })),
})

const committed = object({ key: text, amountCents: number, times: amount, low: number, high: number })

const by = text
const via = oneOf('page', 'terminal')

/** Kinds of records that may be missing. */
const lostKind = oneOf(
  'run-started',
  'phase-started',
  'load-started',
  'load-frame',
  'load-ended',
  'fault-step',
  'action-step',
  'undo-written',
  'undo-done',
  'object-seen',
  'objects-listed',
  'sample',
  'alerts-read',
  'book-read',
  'keys-read',
  'receipts-told',
  'deliveries-read',
  'generator-health',
  'guardrail-tripped',
  'stop-requested',
  'residue',
  'evidence-lost',
  'run-ended',
  'session-started',
  'block-started',
  'block-ended',
  'rest-awaited',
  'note',
  'decision',
)

const threshold = object({
  metric: text,
  expression: text,
  ok: flag,
  samples: amount,
  aborted: flag,
  values: record(number),
})

/** By kind. */
export const shapes = {
  'run-started': object({ at, run: text, format: number, rehearsal, target, timeline, environment }),
  'phase-started': object({ at, phase: text, index: amount }),
  'load-started': object(
    { at, zeroAt: moment, instance: text, pid: number },
    { pod: text, node: text, toldAt: moment },
  ),
  'load-frame': loadFrame,
  'load-ended': object(
    {
      at,
      instance: text,
      outcome: oneOf('completed', 'stopped', 'crashed'),
      exitCode: orNull(number),
      problems: list(text),
    },
    { frames: amount, thresholds: list(threshold) },
  ),
  'session-started': sessionStarted,
  'block-started': blockStarted,
  'block-ended': blockEnded,
  'rest-awaited': restAwaited,
  'fault-step': object({ at, fault: text, step: faultStep }),
  'action-step': object({ at, action: text, step: actionStep }),
  'undo-written': object({ at, id: text, undo }),
  // `kept` was recorded as `already-gone` until 2026-11-29.
  'undo-done': object({
    at,
    id: text,
    by: oneOf('run', 'heal'),
    outcome: oneOf('undone', 'already-gone', 'kept', 'completed'),
  }),
  'object-seen': object({ at, change: oneOf('present', 'added', 'modified', 'deleted'), object: clusterObject }),
  'objects-listed': object({ at, namespace: text, resource: postureKind, objects: list(postureObject) }),
  sample,
  'alerts-read': alertsRead,
  'book-read': bookRead,
  'keys-read': object({ at, book: text, operation: text, asked: amount, committed: list(committed) }),
  'receipts-told': receiptsTold,
  'deliveries-read': deliveriesRead,
  'generator-health': object(
    { at, instance: text, cpuCores: amount, hostBusy: share, rssBytes: amount },
    { cpuLimit: amount, throttled: share },
  ),
  'guardrail-tripped': object(
    { at, id: text, sli: text, measured: share, below: share, forMs: ms },
    { burn: object({ factor: number, limit: number }) },
  ),
  'stop-requested': object({ at, by: oneOf('operator', 'guardrail', 'failure'), reason: text }),
  note: object(
    { at, by, via, is: oneOf('note', 'declared', 'mitigated', 'step', 'follow-up'), text },
    { role: text, seen: amount, about: text },
  ),
  decision: object(
    { at, by, via, what: oneOf('go', 'no-go', 'stop') },
    { role: text, seen: amount, about: text, reason: text },
  ),
  residue: object({
    at,
    when: oneOf('before', 'after'),
    items: list(object({ what: text, where: text, next: text })),
  }),
  'evidence-lost': object({ at, about: text, problem }, { of: lostKind }),
  'run-ended': object({ at, healed: flag }),
} as const

export type LineKind = keyof typeof shapes
export const isLineKind = (kind: string): kind is LineKind => Object.hasOwn(shapes, kind)

export const journalLine = variants('kind', shapes)
export type JournalLine = Of<typeof journalLine>
