/**
 * Restores a copy of a database: takes a backup, names a point, waits until the archive holds it, creates the object that requests the copy, and reads
 * both books in the same cells. The target file describes each step for its platform. The judge compares the books.
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { ActionStepData } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import { RUN_LABEL } from '../../../domain/labels.ts'
import { cutsAround, type RestorePlace, type RestoreStep, type ServiceCall } from '../../../domain/restore.ts'
import { after, type Instant, instant } from '../../../domain/units.ts'
import { isObject } from '../../../domain/unknown.ts'
import { type ApiRequest, demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import type { Book } from '../../../wire/books.ts'
import { fields, list, text } from '../fields.ts'
import { cellsOf } from './book-cells.ts'
import { fieldAt, LOOK_EVERY, merged } from './change.ts'
import { copyPath, createCopy, type DeleteCopy, runOf, undoOfCopy } from './copies.ts'
import { type ChangeEnactor, type Checked, type Enacting, issueOf, readIfAllowed } from './enactor.ts'

type Copying = ChangeOn<'copy'>

/** Enough for a small database. For a large one, the platform takes backups by itself. */
const BACKUP_TIMEOUT_MS = 120_000
const CALL_TIMEOUT_MS = 10_000

export const copy: ChangeEnactor<Copying> = {
  needs: (change, target) => {
    const place = target.restores?.[change.from]
    if (place === undefined) return []
    const undo = undoOfCopy(place, target.namespace)
    const group = undo.apiVersion.includes('/') ? undo.apiVersion.replace(/\/.*/, '') : ''
    const proxied = place.read.service === undefined ? ['pods', 'services'] : ['services']
    return [
      { group, resource: undo.plural, namespace: undo.namespace, verbs: ['create', 'get', 'delete'] },
      ...proxied.map((resource) => ({
        group: '',
        resource,
        subresource: 'proxy',
        namespace: target.namespace,
        verbs: ['get', 'create'],
      })),
    ]
  },
  problem: whyNoCopy,
  inventory: async () => ({ nodes: [], pods: [] }),
  prepare: restore,
}

async function whyNoCopy({ api, action, change, target }: Checked<Copying>): Promise<Issue | undefined> {
  const place = target.restores?.[change.from]
  if (place === undefined) return undefined
  const path = copyPath(undoOfCopy(place, target.namespace))
  const object = await readIfAllowed(api, path)
  if (object === 'missing' || object === 'forbidden') return undefined
  const run = runOf(object)
  const problem = `${path} exists already, and the copy would have the same name`
  const next =
    run === undefined
      ? 'Give the copy another name in the target file, or delete the object.'
      : `Run ${run} left it: matchday heal --context ${target.context}`
  return issueOf(action, 'object-exists', problem, next)
}

/** Shared by all steps of one restore. */
type Restoring = Enacting<Copying> & {
  readonly place: RestorePlace
  readonly undo: DeleteCopy
  readonly point: string
  readonly signal: AbortSignal
  readonly say: (step: RestoreStep, note: string) => void
  readonly record: (step: ActionStepData) => void
}

async function restore(enacting: Enacting<Copying>): Promise<PreparedAction> {
  const { change, settings, target, targets, note } = enacting
  const place = settings.restores?.[change.from]
  if (place === undefined) throw new Error(`${settings.file} does not say how a copy of ${change.from} is restored`)
  const undo = undoOfCopy(place, target)
  return {
    undos: [undo],
    perform: async (onStep, signal) => {
      const say = (step: RestoreStep, about: string) => onStep({ is: 'restore-step', step, note: about })
      const restoring = {
        ...enacting,
        place,
        undo,
        point: pointOf(enacting.run, instant(Math.round(enacting.clock.now()))),
        signal,
        say,
        record: onStep,
      }
      onStep({ is: 'begun', targets })
      const cuts = await namedPoint(restoring)
      await untilCopied(restoring)
      onStep(await bothBooks(restoring, cuts))
      onStep({ is: 'done', note: note(0) })
    },
  }
}

/** PostgreSQL limits names to 63 bytes. A recovery ends at the first point with the name, so each point needs a name of its own. */
const pointOf = (run: string, at: Instant): string => `md-${at.toString(36)}-${run}`.slice(0, 63)

async function namedPoint(restoring: Restoring): Promise<readonly number[]> {
  const { place, point, say, clock, signal } = restoring
  const { backup, pointAfterMs } = restoring.change.goals
  if (backup === 'now' && place.backup !== undefined) {
    await call(restoring, 'POST', place.backup, BACKUP_TIMEOUT_MS)
    say('backed-up', 'a base backup was taken')
  }
  await clock.until(after(clock.now(), pointAfterMs), signal)
  const askedAt = clock.now()
  say('point-asked', point)
  await call(restoring, 'POST', place.point)
  const setAt = clock.now()
  say('point-set', point)
  if (place.archived !== undefined) {
    await untilArchived(restoring, place.archived)
    say('archived', 'the platform reports that the archive holds the point')
  }
  return cutsAround(askedAt, setAt)
}

async function untilArchived(restoring: Restoring, archived: ServiceCall): Promise<void> {
  for (;;) {
    const reached = await call(restoring, 'GET', archived).then(
      () => true,
      (error: unknown) => {
        if (restoring.signal.aborted) throw error
        return false
      },
    )
    if (reached) return
    await rest(restoring)
  }
}

const rest = ({ clock, signal }: Restoring): Promise<void> => clock.until(after(clock.now(), LOOK_EVERY), signal)

async function untilCopied(restoring: Restoring): Promise<void> {
  const { api, place, undo, point, run, say, record, signal } = restoring
  const labelled = merged(fields(withPoint(place.copy.object, point)), { metadata: { labels: { [RUN_LABEL]: run } } })
  say('copy-asked', copyPath(undo))
  await createCopy(api, undo, labelled as KubeObject, signal)
  for (;;) {
    const object = (await read(restoring, { method: 'GET', path: copyPath(undo) })) as KubeObject
    if (isTrue(object, place.copy.ready)) return say('copy-ready', `${place.copy.ready} is True`)
    const problem = whyFailed(object, place)
    if (problem !== undefined) {
      record({ is: 'copy-failed', problem })
      throw new Error(problem)
    }
    await rest(restoring)
  }
}

const isTrue = (object: KubeObject, condition: string): boolean =>
  list(fields(object.status).conditions).some((each) => each.type === condition && each.status === 'True')

/** If the object is a pod, also the termination messages of its containers. */
function whyFailed(object: KubeObject, { copy: { failed } }: RestorePlace): string | undefined {
  if (failed === undefined || fieldAt(object, failed.field.split('.')) !== failed.value) return undefined
  const status = fields(object.status)
  const ended = list(status.containerStatuses).map((each) => text(fields(fields(each.state).terminated).message).trim())
  const said = [text(status.message), text(status.reason), ...ended].filter((each) => each !== '')
  return [`${failed.field} of the copy is ${failed.value}`, ...said].join(': ').slice(-1_000)
}

async function bothBooks(restoring: Restoring, cuts: readonly number[]): Promise<ActionStepData> {
  const { place, settings, undo, run } = restoring
  const named = settings.books.find(({ book }) => book === place.book)
  if (named === undefined) throw new Error(`${settings.file} names no book ${place.book}`)
  const { namespace, service, port } = named
  const at = copyAt(place, undo)
  const body = { run, cuts }
  const ask = (method: 'GET' | 'POST', path: string) =>
    read(restoring, { method, path, ...(method === 'POST' ? { body } : {}) })
  const book = (await ask('GET', at(`/books?run=${encodeURIComponent(run)}`))) as Book
  const copied = cellsOf(await ask('POST', at('/books/cut')), place.book, cuts)
  const live = await ask('POST', paths.serviceProxy(namespace, service, port, '/books/cut'))
  return {
    is: 'copy-read',
    book: place.book,
    cuts: cuts.map((each): Instant => instant(each)),
    live: cellsOf(live, place.book, cuts),
    copy: copied,
    ...(typeof book?.imbalanceCents === 'number' ? { imbalanceCents: book.imbalanceCents } : {}),
  }
}

const copyAt =
  ({ read }: RestorePlace, { namespace, name }: DeleteCopy) =>
  (path: string): string =>
    read.service === undefined
      ? paths.podProxy(namespace, name, read.port, path)
      : paths.serviceProxy(namespace, read.service, read.port, path)

function call(
  restoring: Restoring,
  method: 'GET' | 'POST',
  { service, port, path }: ServiceCall,
  timeoutMs = CALL_TIMEOUT_MS,
): Promise<unknown> {
  const at = paths.serviceProxy(restoring.target, service, port, String(withPoint(path, restoring.point)))
  return send(restoring, { method, path: at, timeoutMs, ...(method === 'POST' ? { body: {} } : {}) })
}

const send = ({ api, signal }: Restoring, request: ApiRequest): Promise<unknown> =>
  demand(api, { timeoutMs: CALL_TIMEOUT_MS, ...request, signal })

/** A read is repeated while the API server, or the service behind it, does not answer. */
const read = (restoring: Restoring, request: ApiRequest): Promise<unknown> =>
  insist(
    () => send(restoring, request),
    () => restoring.signal.aborted,
    () => rest(restoring),
  )

/** Replaces `<point>` in every text of the value. */
function withPoint(value: unknown, point: string): unknown {
  if (typeof value === 'string') return value.replaceAll('<point>', point)
  if (Array.isArray(value)) return value.map((each) => withPoint(each, point))
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withPoint(each, point)]))
}
