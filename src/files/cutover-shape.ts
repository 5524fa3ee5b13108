/** `cutovers` of a target file: how the platform moves to another region. And the action `cutover`. */
import {
  type CutoverPlace,
  type CutoverProof,
  type CutoverReading,
  type CutoverStep,
  type CutoverStepPlan,
  type CutoverUndo,
  cutoverSteps,
  type Region,
  type ServicePath,
  type Switch,
} from '../domain/cutover.ts'
import type { FieldValue } from '../domain/evidence.ts'
import type { SourcePoint } from '../domain/issue.ts'
import { showDuration, showPercent } from '../domain/show.ts'
import { millis, ratio } from '../domain/units.ts'
import type { ActDraft } from './act-draft.ts'
import { dnsLabel, metricName, objectName, seriesLabels, sli, within } from './name-shapes.ts'
import { duration, percentage } from './quantities.ts'
import { may, need, oneOf, record, tellApart } from './record.ts'
import type { Report } from './report.ts'
import { integer, list, mapped, placed, refuse, type Shape, someOf, text, whole, word } from './shape.ts'

const namespace = need(dnsLabel(63), 'Its namespace.')
const port = integer({ min: 1, max: 65_535, what: 'a port' })
const fieldPath = (example: string) =>
  text({ form: 'keys of an object, with dots between', example, pattern: /^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/ })
const apiVersion = text({
  form: 'the version of an API',
  example: 'postgresql.cnpg.io/v1',
  pattern: /^([a-z0-9.-]+\/)?v[a-z0-9]+$/,
})
const configKey = text({ form: 'a key of a ConfigMap', example: 'writes', pattern: /^[-._a-zA-Z0-9]{1,253}$/ })

/** A shape whose schema is a reference to one of `cutoverDefinitions`. */
function defined<T>(name: keyof typeof cutoverDefinitions, { decode }: Shape<T>): Shape<T> {
  return { schema: { $ref: `#/$defs/${name}` }, decode }
}

/** Configuration is text, and an answer may hold numbers, so both are accepted. */
const plain: Shape<FieldValue> = {
  schema: { type: ['string', 'number', 'boolean'] },
  decode: (node, report) =>
    node.kind === 'scalar' && node.value !== null
      ? whole(node.value)
      : refuse(node, report, 'wrong-type', { form: 'a text, a number, true or false', example: "'off'" }),
}

const service = {
  namespace,
  service: need(dnsLabel(63), 'Service that is called through the API server.'),
  port: need(port, 'Port of the service.'),
  path: need(text({ form: 'a path', example: '/writes', pattern: /^\/\S*$/ }), 'Path of the request.'),
}
const configMap = {
  namespace,
  name: need(objectName('features'), 'Name of the ConfigMap.'),
  key: need(configKey, 'Key of the ConfigMap.'),
}
const object = {
  apiVersion: need(apiVersion, 'API version of the object.'),
  plural: need(dnsLabel(63), 'Plural of its kind, as in API paths.'),
  namespace,
  name: need(objectName('orders-db'), 'Name of the object.'),
  field: need(fieldPath('spec.primary'), 'Field of the object.'),
}
const configMapShape = record(configMap)
const objectShape = record(object)
const value = need(plain, 'Value that it gets.')

const configField = ({ namespace: of, name, key }: Drafted<typeof configMapShape>) => ({
  kind: 'field' as const,
  ...{ apiVersion: 'v1', plural: 'configmaps', namespace: of, name, field: ['data', key] },
})
const objectField = ({ field, ...of }: Drafted<typeof objectShape>) => ({
  kind: 'field' as const,
  ...of,
  field: field.split('.'),
})
const changeForms: Shape<Switch> = mapped(
  oneOf({
    configMap: need(record({ ...configMap, value }), 'Sets one key of a ConfigMap.'),
    object: need(record({ ...object, value }), 'Sets one field of an object.'),
    call: need(record(service), 'POST to a service. It must be safe to repeat.'),
    weights: need(
      record({
        namespace,
        route: need(objectName('entry'), 'Name of the HTTPRoute.'),
        from: need(dnsLabel(63), 'Service of the old region, a backend of the route.'),
        to: need(dnsLabel(63), 'Service of the new region, another backend of the route.'),
      }),
      'Sends all requests of a route to the new region, or a share of them in the step traffic.',
    ),
  }),
  (draft): Switch => {
    switch (draft.kind) {
      case 'configMap':
        // A ConfigMap holds texts: the API server would refuse a number in the middle of the cutover.
        return { ...configField(draft.value), value: String(draft.value.value) }
      case 'object': {
        const { value: to, ...of } = draft.value
        return { ...objectField(of), value: to }
      }
      case 'call':
        return { kind: 'call', ...draft.value }
      case 'weights':
        return { kind: 'weights', ...draft.value }
    }
  },
)

const change = defined('cutoverSwitch', changeForms)

const readForms: Shape<CutoverReading> = mapped(
  oneOf({
    configMap: need(configMapShape, 'One key of a ConfigMap.'),
    object: need(objectShape, 'One field of an object.'),
    answer: need(
      record({ ...service, field: need(fieldPath('lag.bytes'), 'Field of the JSON that it answers.') }),
      'One field of what a service answers to GET.',
    ),
    status: need(
      record({ ...service, method: may(word('GET', 'POST'), 'GET if left out.') }),
      'HTTP status that a service answers.',
    ),
  }),
  (draft): CutoverReading => {
    switch (draft.kind) {
      case 'configMap':
        return configField(draft.value)
      case 'object':
        return objectField(draft.value)
      case 'answer': {
        const { field, ...of } = draft.value
        return { kind: 'answer', ...of, field: field.split('.') }
      }
      case 'status': {
        const { method = 'GET', ...of } = draft.value
        return { kind: 'status', method, ...(of satisfies ServicePath) }
      }
    }
  },
)

const read = defined('cutoverReading', readForms)
const reading = need(read, 'What is read.')
const proofForms: Shape<CutoverProof> = mapped(
  tellApart(
    {
      is: record({ read: reading, is: need(plain, 'The value that it must have.') }),
      atMost: record({
        read: reading,
        atMost: need(integer({ min: 0, max: 1e15, what: 'a number' }), 'The highest number that it may be.'),
      }),
    },
    { sameAs: record({ read: reading, sameAs: need(read, 'Another reading, which must be equal.') }) },
  ),
  ({ kind, value: draft }): CutoverProof => {
    switch (kind) {
      case 'is':
        return { reading: draft.read, wants: { kind: 'is', value: draft.is } }
      case 'atMost':
        return { reading: draft.read, wants: { kind: 'at-most', value: draft.atMost } }
      case 'sameAs':
        return { reading: draft.read, wants: { kind: 'same-as', reading: draft.sameAs } }
    }
  },
)

const proof = defined('cutoverProof', proofForms)

/** Forms that stand in many places of a target file. Its schema has each of them once. */
export const cutoverDefinitions = {
  cutoverSwitch: changeForms.schema,
  cutoverReading: readForms.schema,
  cutoverProof: proofForms.schema,
} as const

const undoWord = word('restore', 'failsForward')
const undoList = list(change)
const undo: Shape<CutoverUndo> = {
  schema: { oneOf: [undoWord.schema, undoList.schema] },
  decode: (node, report) =>
    node.kind === 'list'
      ? mapped(undoList, (switches): CutoverUndo => ({ kind: 'switches', switches })).decode(node, report)
      : mapped(undoWord, (is): CutoverUndo => ({ kind: is === 'restore' ? 'restore' : 'forward' })).decode(
          node,
          report,
        ),
}

const NOTHING: CutoverUndo = { kind: 'switches', switches: [] }
const proofs = need(someOf(proof), 'Readings that prove the step. All of them must hold at the same time.')
const undone = need(
  placed(undo),
  'restore: the values before. A list of switches; an empty one if there is nothing to take back. failsForward: there is no way back from here, and a cutover that fails later is completed.',
)

/** Only proven. */
const watched: Shape<CutoverStepPlan> = mapped(record({ proofs }), (draft) => ({
  switches: [],
  proofs: draft.proofs,
  undo: NOTHING,
}))

const switches = need(someOf(change), 'What the step switches, in this order.')
const switched = (shape: Shape<SwitchedDraft>): Shape<CutoverStepPlan> => ({
  schema: shape.schema,
  decode: (node, report) => {
    const decoded = shape.decode(node, report)
    if (decoded === undefined) return undefined
    checkUndo(decoded.value, report)
    const { proofs: all = [], undo: back, switches: does } = decoded.value
    return { value: { switches: does, proofs: all, undo: back.value }, whole: decoded.whole }
  },
})
type SwitchedDraft = {
  readonly switches: readonly Switch[]
  readonly proofs?: readonly CutoverProof[] | undefined
  readonly undo: { readonly at: SourcePoint; readonly value: CutoverUndo }
}

function checkUndo({ switches: does, undo: back }: SwitchedDraft, report: Report): void {
  if (back.value.kind !== 'restore' || !does.some(({ kind }) => kind === 'call')) return
  report(
    back.at,
    'wrong-value',
    'A call has no value before it that could be restored.',
    'list the switches that take it back, or write failsForward.',
  )
}

const proven = switched(record({ switches, proofs, undo: undone }))
const mayProve = switched(
  record({ switches, proofs: may(someOf(proof), 'Readings that prove the step.'), undo: undone }),
)

const region = (which: string): Shape<Region> =>
  record({
    name: need(dnsLabel(63), `Name of the ${which} region.`),
    namespace: need(dnsLabel(63), 'Namespace of its services, which are compared with those of the other region.'),
    writable: need(proof, 'Holds while the region accepts writes.'),
  })

const placeForm: Shape<CutoverPlace> = mapped(
  record({
    from: need(region('old'), 'The region that serves now.'),
    to: need(region('new'), 'The standby region, which serves after the cutover.'),
    steps: need(
      record({
        ready: need(watched, 'Before anything is changed: the standby region can take over.'),
        freeze: need(proven, 'Refuses writes in the old region.'),
        drain: need(watched, 'Writes under way have ended, and queues are empty.'),
        catchUp: need(watched, 'The standby has all writes: its position equals that of the frozen primary.'),
        promote: need(proven, 'Fences the old primary and promotes the standby.'),
        warm: may(proven, 'Fills caches and pools of the new region.'),
        traffic: need(mayProve, 'Sends the requests to the new region, in shares if it switches weights.'),
        thaw: need(proven, 'Accepts writes in the new region.'),
      }),
      'What is switched in each step, how it is proven, and how it is taken back.',
    ),
    unlike: may(
      someOf(objectName('orders-db')),
      'Objects of these names are not compared: the regions are meant to differ in them.',
    ),
    book: may(
      record({
        book: need(dnsLabel(63), 'Book of the target file, which shows the old region. It answers POST /books/cut.'),
        namespace,
        service: need(dnsLabel(63), 'Service that shows the book in the new region.'),
        port: need(port, 'Port of the service.'),
      }),
      'Where the new region shows its book: what is lost in the cutover is seen there.',
    ),
    served: may(
      record({
        metric: need(metricName, 'Counter of requests.'),
        where: may(seriesLabels, 'Only series with these labels.'),
        from: need(dnsLabel(63), 'Source of the old region.'),
        to: need(dnsLabel(63), 'Source of the new region.'),
      }),
      'Shows which region serves requests.',
    ),
  }),
  ({ from, to, steps: { catchUp, warm, ...steps }, unlike, book, served }): CutoverPlace => ({
    from,
    to,
    steps: { ...steps, 'catch-up': catchUp, warm: warm ?? { switches: [], proofs: [], undo: NOTHING } },
    ...(unlike === undefined ? {} : { unlike }),
    ...(book === undefined ? {} : { book }),
    ...(served === undefined ? {} : { served: { ...served, where: served.where ?? {} } }),
  }),
)

export const cutoverPlace: Shape<CutoverPlace> = {
  schema: placeForm.schema,
  decode: (node, report) => {
    const decoded = placeForm.decode(node, report)
    if (decoded?.whole) checkSides(decoded.value, node.at, report)
    return decoded
  },
}

/** Both regions need their own name, backend and source. A source for both would count requests of the new region as traffic of the old one. */
function checkSides({ from, to, steps, served }: CutoverPlace, at: SourcePoint, report: Report): void {
  const same = (problem: string, next: string) => report(at, 'wrong-value', problem, next)
  if (from.name === to.name) same(`Both regions are called ${from.name}.`, 'give each a name of its own.')
  for (const each of Object.values(steps).flatMap((step) => step.switches))
    if (each.kind === 'weights' && each.from === each.to)
      same(`The weights of ${each.route} move requests from ${each.from} to itself.`, 'name two backends of the route.')
  if (served !== undefined && served.from === served.to)
    same(`The source ${served.from} counts the requests of both regions.`, 'name a source for each region.')
}

const budget = (what: string) => need(placed(duration({ min: 100 })), `Longest time of the ${what}.`)

export const cutover = record({
  plan: need(objectName('to-standby'), 'Entry under cutovers of the target file.'),
  writes: need(sli, 'Indicator of the writes. The time in which none of them is good is the RTO.'),
  rto: within('Longest time from the last good write before the freeze to the first one after the thaw.'),
  budgets: need(
    record({
      ready: budget('check of readiness'),
      freeze: budget('freeze'),
      drain: budget('drain'),
      catchUp: budget('catch-up'),
      promote: budget('promotion and fencing'),
      warm: may(placed(duration({ min: 100 })), 'Longest time of the warm-up; 1s if left out.'),
      traffic: budget('whole move of the traffic'),
      thaw: budget('thaw'),
    }),
    'The time that each step may take. A step that is late ends the cutover by its way back.',
  ),
  traffic: may(
    record({
      shares: need(
        placed(someOf(percentage({ min: 0.001, max: 1, example: '5%' }))),
        'Shares of the requests that the new region gets, one after the other; the last one is 100%.',
      ),
      hold: need(duration({ min: 0 }), 'How long each share is held.'),
    }),
    'How the traffic moves if the target file switches weights; at once if left out.',
  ),
  reads: may(
    record({
      sli: need(sli, 'Indicator of the reads.'),
      p95: need(duration({ min: 1 }), 'Time within which 95 % of the good responses come.'),
    }),
    'Response times right after the thaw: they show whether the new region was warm.',
  ),
})

const WARM_DEFAULT = millis(1000)

export function cutoverOf(draft: CutoverDraft): Omit<ActDraft, 'at'> {
  const { plan, writes, rto, traffic, reads } = draft
  const { catchUp, warm, ...given } = draft.budgets
  const budgets = {
    ready: given.ready.value,
    freeze: given.freeze.value,
    drain: given.drain.value,
    'catch-up': catchUp.value,
    promote: given.promote.value,
    warm: warm?.value ?? WARM_DEFAULT,
    traffic: given.traffic.value,
    thaw: given.thaw.value,
  } as const satisfies Record<CutoverStep, unknown>
  return {
    act: {
      kind: 'cutover',
      plan,
      writes: writes.value,
      rtoMs: rto.value,
      budgets,
      shares: traffic?.shares.value ?? [ratio(1)],
      holdMs: traffic?.hold ?? millis(0),
      ...(reads === undefined ? {} : { reads: { sli: reads.sli.value, withinMs: reads.p95 } }),
    },
    mayMoveDatabase: true,
    check: ({ lastsMs }, report) => {
      checkShares(draft, report)
      const needs = cutoverSteps.reduce((sum, step) => sum + budgets[step], 0)
      if (lastsMs === undefined || lastsMs > needs) return
      const problem = `The steps of the cutover may take ${showDuration(needs)}, and the action lasts ${showDuration(lastsMs)}.`
      report(rto.at, 'expectation-unobservable', problem, 'let the action last longer, or shorten budgets.')
    },
  }
}

function checkShares({ traffic, budgets }: CutoverDraft, report: Report): void {
  if (traffic === undefined) return
  const { at, value: shares } = traffic.shares
  const grows = shares.every((share, index) => index === 0 || share > (shares[index - 1] ?? 0))
  if (!grows || shares.at(-1) !== 1) {
    const problem = `The shares ${shares.map(showPercent).join(', ')} do not grow to 100%.`
    report(at, 'wrong-value', problem, 'write for example [5%, 25%, 50%, 100%].')
  }
  const holds = traffic.hold * shares.length
  if (holds < budgets.traffic.value) return
  const problem = `The shares are held for ${showDuration(holds)}, and the traffic has ${showDuration(budgets.traffic.value)}.`
  report(budgets.traffic.at, 'expectation-unobservable', problem, 'allow more time, or hold each share for less.')
}

type Drafted<S> = S extends Shape<infer T> ? T : never
type CutoverDraft = Drafted<typeof cutover>
