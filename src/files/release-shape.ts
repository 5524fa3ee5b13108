/** The tables of a release: the keys of all shapes, and those that only some of them have. */
import { metricName, objectName, seriesLabels, sli, source, within } from './name-shapes.ts'
import { answersAlike, cohorts, preview } from './preview-shape.ts'
import { duration, percentage } from './quantities.ts'
import { may, need, record } from './record.ts'
import { integer, list, placed, type Shape, someOf, table, text, word } from './shape.ts'

const container = { form: 'the name of a container', example: 'app', pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/ }
// An image reference as container runtimes accept it: no spaces, and of limited length.
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

/** What a release writes into the pod template of its Deployment. */
export const template = {
  image: may(table(container, image), 'New image of each of these containers, preferably by digest.'),
  annotations: may(
    table(annotationKey, text({ form: 'a text', example: "'3f1c'" })),
    'Annotations that the pod template gets, such as the checksum of a ConfigMap: a change of configuration is a release too.',
  ),
}

const configKey = { form: 'a key of a ConfigMap', example: 'LIMIT', pattern: /^[-._a-zA-Z0-9]{1,253}$/ }
const configMap = need(objectName('orders'), 'Name of the ConfigMap that the pods take, as environment or as files.')

const values = record({
  configMap,
  set: need(table(configKey, text({ form: 'a text', example: "'20'" })), 'Values that these of its keys get.'),
  checksum: may(
    text(annotationKey),
    'Annotation of the pod template that gets the digest of the new content, so that the pods are replaced. Left out: pods that run must take the values over.',
  ),
})
const replaced = record({
  configMap,
  replaceBy: need(objectName('orders-2'), 'ConfigMap that the pod template takes instead. It must exist.'),
})
type ConfigDraft = ValueOf<typeof values> | ValueOf<typeof replaced>
const config: Shape<ConfigDraft> = {
  schema: { type: 'object', oneOf: [values.schema, replaced.schema] },
  decode: (node, report) =>
    node.kind === 'map' && node.entries.some(({ key }) => key === 'replaceBy')
      ? replaced.decode(node, report)
      : values.decode(node, report),
}

const rolling = record({
  shape: may(
    word('rolling'),
    "How traffic moves to the new pods. rolling (the default): by the Deployment's own rolling update.",
  ),
  deployment: need(objectName('gateway'), 'Name of the Deployment.'),
  ...template,
  config: may(config, 'Configuration that the pods get: new values in a ConfigMap, or another ConfigMap in its place.'),
  migration: may(
    record({
      run: need(objectName('orders-schema'), 'Entry under migrations of the target file.'),
      within: within('Longest time until its Job is complete.'),
      waits: within('Longest time that a statement may wait for the lock of a table meanwhile.'),
    }),
    'Change of a database schema that runs before the pods are replaced. It stays when the release is rolled back.',
  ),
  within: within(
    'Longest time until every pod runs the new template. A release that is not complete by then is rolled back at once.',
  ),
  rollBackWithin: within('Longest time from the end of `for` until every pod runs the old template again.'),
})

const requests = integer({ min: 1, max: 1_000_000_000, what: 'a number of requests' })

export const gateKeys = {
  stable: need(source('gateway'), 'Source of the pods of the old release.'),
  canary: need(
    source('gateway-canary'),
    'Source of the pods of the new release. It may be the same as `stable`: then the pods of `deployment` are the new release.',
  ),
  where: may(
    list(seriesLabels),
    'Count only series that match one of these label sets, such as some routes of the service.',
  ),
  errors: need(
    record({
      atMost: need(
        percentage({ min: 0, max: 0.5, example: '1%' }),
        'Highest share of server errors (5xx) that the new release may have.',
      ),
      from: need(requests, 'Requests to the new release that a step needs before it is decided.'),
    }),
    'Server errors of the new release, compared with the limit and with the old release at the same time.',
  ),
  slis: may(list(sli), 'Indicators with an availability objective. A step that misses one is rolled back.'),
}

const gate = record({
  ...gateKeys,
  latency: may(
    record({
      histogram: need(
        placed(metricName),
        'Name of the histogram of response times, without `_sum` and `_count`. The sources must list both.',
      ),
      atMost: need(
        percentage({ min: 0.01, max: 1, example: '15%' }),
        'Highest rise of the mean of the new release over that of the old one.',
      ),
      from: need(
        requests,
        'Requests to the new release, in all steps together, that are needed before this is decided.',
      ),
    }),
    'Response times of both releases at the same time, in pairs.',
  ),
})

/** What a second Deployment with a route needs, however it gets its requests. */
const besides = {
  deployment: need(objectName('gateway-canary'), 'Name of the Deployment that runs the new release.'),
  ...template,
  replicas: need(
    integer({ min: 1, max: 10_000, what: 'a number of pods' }),
    'Number of pods of the new release while the canary runs.',
  ),
  route: need(objectName('gateway'), 'Name of the HTTPRoute that splits the requests.'),
  stable: need(objectName('gateway'), 'Name of the Service of the old release, a backend of the route.'),
  canary: need(
    objectName('gateway-canary'),
    'Name of the Service of the new release. It is another backend of the route, but for a shadow.',
  ),
  within: within('Longest time until the pods of the new release are Ready.'),
}

const canary = record({
  shape: need(word('canary'), 'canary: a second Deployment whose share of the requests grows step by step.'),
  ...besides,
  steps: need(
    placed(someOf(percentage({ min: 0.001, max: 1, example: '5%' }))),
    'Shares of the requests that the new release gets, one after the other.',
  ),
  hold: need(placed(duration({ min: 5000 })), 'How long each step is watched before it is decided.'),
  extraHold: may(
    duration({ min: 0 }),
    'Extra time for all steps together, used when a hold was too short to decide; none if left out.',
  ),
  gate: need(gate, 'Conditions that decide each step.'),
  rollBackWithin: within(
    'Longest time from the decision to roll back, or from the end of `for`, to the last response of the new release.',
  ),
})

const blueGreen = record({
  shape: need(
    word('blue-green'),
    'blue-green: a second Deployment that is proven on a preview route and then gets all requests at once.',
  ),
  ...besides,
  preview: need(preview, 'Requests to the new release before it gets any traffic of users.'),
  hold: need(placed(duration({ min: 10_000 })), 'How long the new release is watched after the switch.'),
  extraHold: may(duration({ min: 0 }), 'Extra time, used when the hold was too short to decide; none if left out.'),
  gate: need(
    record(gateKeys),
    'Conditions that decide the new release after the switch. The old release gets no requests then, so the two cannot be compared.',
  ),
  rollBackWithin: within(
    'Longest time from the first server error of a release that is rolled back, or from the end of `for`, to its last response.',
  ),
})

const aB = record({
  shape: need(
    word('a-b'),
    'a-b: a second Deployment that only one cohort of users gets. Request headers tell who belongs to it.',
  ),
  ...besides,
  cohorts: need(cohorts, 'Which requests belong to the cohort, and how a response shows which release answered.'),
  hold: need(placed(duration({ min: 10_000 })), 'How long both cohorts are visited.'),
  extraHold: may(duration({ min: 0 }), 'Extra time, used when the hold was too short to decide; none if left out.'),
  gate: need(record(gateKeys), 'Conditions that decide the new release.'),
  rollBackWithin: within(
    'Longest time from the decision to roll back, or from the end of `for`, to the last response of the new release.',
  ),
})

const shadow = record({
  shape: need(word('shadow'), 'shadow: a second Deployment that gets copies of requests. Nobody sees its answers.'),
  ...besides,
  share: need(percentage({ min: 0.001, max: 1, example: '20%' }), 'Share of the requests that is copied to it.'),
  window: need(
    placed(duration({ min: 10_000 })),
    'How long the mirror is on, and how long it is off, in turn. The first 3 s of each window do not count.',
  ),
  pairs: need(
    integer({ min: 3, max: 50, what: 'a number of pairs' }),
    'Pairs of windows, one with the mirror on and one with it off.',
  ),
  latency: may(
    record({
      sli: need(sli, 'Indicator whose mean response time is compared between the windows, as clients measured it.'),
      atMost: need(
        percentage({ min: 0.01, max: 1, example: '15%' }),
        'Highest rise while the mirror is on. Nothing is proven if the pairs differ too much.',
      ),
    }),
    'Response times of users, which copies must not raise.',
  ),
  answers: may(answersAlike, 'Requests that both releases are asked, whose answers are compared field by field.'),
  gate: need(
    record({ stable: gateKeys.stable, canary: gateKeys.canary, where: gateKeys.where, errors: gateKeys.errors }),
    'Counts both releases. A new release that answers copies with errors is taken back at once.',
  ),
  rollBackWithin: within(
    'Longest time from the decision to roll back, or from the end of `for`, to the last response of the new release.',
  ),
})

export type RollingDraft = ValueOf<typeof rolling>
export type CanaryDraft = ValueOf<typeof canary>
export type BlueGreenDraft = ValueOf<typeof blueGreen>
export type ABDraft = ValueOf<typeof aB>
export type ShadowDraft = ValueOf<typeof shadow>
type ValueOf<S> = S extends Shape<infer T> ? T : never

const shapes = ['rolling', 'canary', 'blue-green', 'a-b', 'shadow'] as const

/** The key `shape` tells which table it is; without it, a rolling update. */
const either: Shape<ReleaseDraft> = {
  schema: {
    type: 'object',
    oneOf: [changing(rolling).schema, canary.schema, blueGreen.schema, aB.schema, shadow.schema],
  },
  decode: (node, report) => {
    const told = node.kind === 'map' ? node.entries.find(({ key }) => key === 'shape')?.value : undefined
    if (told === undefined) return rolling.decode(node, report)
    switch (word(...shapes).decode(told, report)?.value) {
      case 'rolling':
        return rolling.decode(node, report)
      case 'canary':
        return canary.decode(node, report)
      case 'blue-green':
        return blueGreen.decode(node, report)
      case 'a-b':
        return aB.decode(node, report)
      case 'shadow':
        return shadow.decode(node, report)
      case undefined:
        return undefined
    }
  },
}

/** A rolling update changes at least one of these. The Deployment of a canary may hold the new release already. */
function changing<T>(shape: Shape<T>): Shape<T> {
  const schema = {
    ...shape.schema,
    anyOf: ['image', 'annotations', 'config', 'migration'].map((key) => ({ required: [key] })),
  }
  return { schema, decode: shape.decode }
}

export const release: Shape<ReleaseDraft> = either
export type ReleaseDraft = RollingDraft | CanaryDraft | BlueGreenDraft | ABDraft | ShadowDraft
