/** `restores` of a target file: how a restored copy of a database is requested and read. And the action `restore`. */
import type { RestorePlace, ServiceCall } from '../domain/restore.ts'
import { showDuration } from '../domain/show.ts'
import { millis } from '../domain/units.ts'
import { isObject } from '../domain/unknown.ts'
import type { ActDraft } from './act-draft.ts'
import { dnsLabel, objectName } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, need, record } from './record.ts'
import { word as choice, integer, mapped, placed, refuse, type Shape, text, whole } from './shape.ts'
import { plainValue } from './yaml-node.ts'

const port = integer({ min: 1, max: 65_535, what: 'a port' })

const call = (example: string): Shape<ServiceCall> =>
  record({
    service: need(dnsLabel(63), "Service in the target's namespace."),
    port: need(port, 'Port of the service.'),
    path: need(
      text({ form: 'a path', example, pattern: /^\/\S*$/ }),
      'Path of the request; <point> is the name of the point.',
    ),
  })

const word = (form: string, example: string) => text({ form, example, pattern: /^[A-Za-z0-9.-]{1,253}$/ })

const NAMED = { form: 'an object with apiVersion, kind and metadata.name', example: 'kind: Cluster' }

export const manifest: Shape<Readonly<Record<string, unknown>>> = {
  schema: { type: 'object', required: ['apiVersion', 'kind', 'metadata'] },
  decode: (node, report) => {
    const value = node.kind === 'map' ? plainValue(node) : undefined
    return isObject(value) && isNamed(value) ? whole(value) : refuse(node, report, 'wrong-type', NAMED)
  },
}

function isNamed({ apiVersion, kind, metadata }: Readonly<Record<string, unknown>>): boolean {
  const name = isObject(metadata) ? metadata.name : undefined
  return [apiVersion, kind, name].every((each) => typeof each === 'string' && each !== '')
}

const place = record({
  book: need(dnsLabel(63), 'Book of the live database, one of books, that answers POST /books/cut.'),
  backup: may(call('/backups'), 'POST that takes a base backup; left out if the platform takes them by itself.'),
  point: need(call('/restore-points/<point>'), 'POST that creates a restore point with this name.'),
  archived: may(call('/restore-points/<point>'), 'GET that succeeds once the archive holds the point.'),
  copy: need(
    record({
      plural: need(dnsLabel(63), 'Plural of the kind of the object, as in API paths.'),
      object: need(
        manifest,
        'Object that requests the copy, and whose deletion removes it; <point> in it is the name of the point.',
      ),
      ready: may(
        word('the name of a condition', 'Ready'),
        'Condition that is True when the copy can be read, Ready if left out.',
      ),
      failed: may(
        record({
          field: need(word('keys of an object, with dots between', 'status.phase'), 'Field that shows it.'),
          value: need(word('a word', 'Failed'), 'Value that it has if the copy has failed.'),
        }),
        'How the object shows that the copy has failed.',
      ),
    }),
    'How the copy is requested.',
  ),
  read: need(
    record({
      service: may(dnsLabel(63), 'Service that answers for the copy; the pod with the name of the object if left out.'),
      port: need(port, 'Port of GET /books and POST /books/cut of the copy.'),
    }),
    'Where the book of the copy is read.',
  ),
})

export const restorePlace: Shape<RestorePlace> = mapped(place, ({ book, backup, point, archived, copy, read }) => ({
  book,
  ...(backup === undefined ? {} : { backup }),
  point,
  ...(archived === undefined ? {} : { archived }),
  copy: {
    plural: copy.plural,
    object: copy.object,
    ready: copy.ready ?? 'Ready',
    ...(copy.failed === undefined ? {} : { failed: copy.failed }),
  },
  read: { port: read.port, ...(read.service === undefined ? {} : { service: read.service }) },
}))

export const restore = record({
  from: need(objectName('orders'), 'Entry under restores of the target file.'),
  backup: may(
    choice('now', 'latest'),
    'now: take a base backup first, if the target file says how; latest: use the newest one that exists. now if left out.',
  ),
  pointAfter: may(duration({ min: 0 }), 'Time from the backup to the named point, 0s if left out.'),
  archivedWithin: need(placed(duration({ min: 100 })), 'Longest time from the point until the archive holds it.'),
  within: need(placed(duration({ min: 100 })), 'Longest time from the request to a copy that can be read.'),
})

/** The copy is deleted at the end of the action, so all steps must fit into it. */
export function restoreOf(draft: Asked): Omit<ActDraft, 'at'> {
  const { from, backup = 'now', pointAfter = millis(0), archivedWithin, within } = draft
  const needs = millis(pointAfter + archivedWithin.value + within.value)
  return {
    act: {
      kind: 'restore',
      from,
      backup,
      pointAfterMs: pointAfter,
      archivedWithinMs: archivedWithin.value,
      withinMs: within.value,
    },
    check: ({ name, lastsMs }, report) => {
      if (lastsMs === undefined || lastsMs > needs) return
      const problem = `The restore "${name}" needs up to ${showDuration(needs)} and the time of its backup, but the action lasts ${showDuration(millis(lastsMs))}.`
      report(
        within.at,
        'expectation-unobservable',
        problem,
        'let the action last longer, or shorten pointAfter, archivedWithin or within.',
      )
    },
  }
}

type Asked = typeof restore extends Shape<infer T> ? T : never
