/** A rehearsal and a target as the head of a journal holds them (format 3). */
import type { K6Scenario } from '../../domain/script.ts'
import { compareSettings } from './compare-shape.ts'
import { cutoverAct, cutoverPlace } from './cutover-shape.ts'
import {
  anyObject,
  flag,
  type JournalShape,
  list,
  ms,
  number,
  object,
  oneOf,
  pair,
  rate,
  record,
  share,
  some,
  text,
  variants,
} from './shape.ts'
import { plannedTrigger, when } from './trigger-shape.ts'

const at = object({ file: text, line: number, column: number })
const labels = record(text)

const curve = object({ file: text, points: some(pair(ms, rate)), speed: number }, { dispersion: number })

const load = object(
  { script: text, arrivals: record(rate), at },
  {
    curves: record(curve),
    sockets: object({ population: number, lifetimeMs: ms, sli: text }),
    own: oneOf(true),
    env: labels,
  },
)

/** k6's own options, kept as they are. */
const k6Scenario: JournalShape<K6Scenario> = (value, fault): value is K6Scenario =>
  anyObject(value, fault) && text(value.executor, fault)

const blastRadius = object({
  namespaces: list(text),
  pods: variants('kind', { share: object({ of: share }), count: object({ of: number }) }),
  zones: number,
  at,
})

const phase = object({ name: text, rampMs: ms, forMs: ms, factor: number, at })

const metadata = object({ name: text }, { namespace: text, labels, annotations: labels })
const chaosObject = object({ apiVersion: text, kind: text, metadata, spec: anyObject })
/** As it is created: its namespace is known. */
const createdObject = object({
  apiVersion: text,
  kind: text,
  metadata: object({ name: text, namespace: text }, { labels, annotations: labels }),
  spec: anyObject,
})

const witness = variants('kind', {
  rate: object({
    direction: oneOf('falls', 'rises'),
    metric: text,
    where: labels,
    of: text,
    becomes: rate,
    withinMs: ms,
    at,
  }),
  ready: object({ what: oneOf('pods', 'nodes'), becomes: number, withinMs: ms, at }, { app: text, zone: text }),
})

const ofPeople = {
  declares: object({ withinMs: ms, at }),
  mitigates: object({ withinMs: ms, at }),
  ticks: object({ step: text, withinMs: ms, at }),
}

const reaction = variants('kind', {
  failover: object({ from: text, to: text, withinMs: ms, at }, { failback: oneOf('none') }),
  recovers: object({ sli: text, withinMs: ms, at }),
  reconnects: object({ share, withinMs: ms, at }, { herdMax: rate }),
  survives: object({ app: text, ready: number, withinMs: ms, at }),
  spreads: object({ app: text, zones: number, withinMs: ms, at }),
  'backs-off': object({ metric: text, where: labels, of: text, becomes: rate, withinMs: ms, at }),
  amplification: object({ of: text, attempts: text, operations: text, atMost: number, at }),
  undisturbed: object({ sli: text, badMax: number, at }),
  completes: object({ withinMs: ms, at }),
  promotes: object({ database: text, sli: text, rtoMs: ms, at }),
  alerts: object({ alert: text, labels, withinMs: ms, at }),
  resolves: object({ alert: text, labels, withinMs: ms, at }),
  ...ofPeople,
})

const role = oneOf('owner', 'coordinator', 'reporter', 'observer')
const gate = object({ by: role, opensMs: ms })

const fault = object(
  {
    name: text,
    during: text,
    atMs: ms,
    forMs: ms,
    apply: text,
    object: chaosObject,
    witness,
    expect: list(reaction),
    at,
  },
  { gate, when },
)

const nodes = object({}, { zone: text, pool: text, atMost: number })
const workload = object({ kind: oneOf('Deployment', 'StatefulSet'), name: text })

const released = { workload, images: labels, annotations: labels, withinMs: ms, backWithinMs: ms }
const canary = object({
  replicas: number,
  route: text,
  stable: text,
  canary: text,
  steps: some(share),
  holdMs: ms,
  extraMs: ms,
  gate: object(
    {
      stable: text,
      canary: text,
      where: list(labels),
      errors: object({ atMost: share, from: number }),
      slis: list(text),
    },
    { latency: object({ histogram: text, atMost: number, from: number }) },
  ),
})

const config = variants('kind', {
  values: object({ configMap: text, set: labels }, { checksum: text }),
  replaced: object({ configMap: text, by: text }),
})

const visit = object({ path: text, status: number }, { body: text })
const preview = object({ headers: labels, requests: some(visit), times: number })

const cohorts = object({
  headers: labels,
  answeredBy: object({ header: text, stable: text, canary: text }),
  visitors: number,
  requests: some(visit),
})

const shadow = object(
  { share, pairs: number },
  {
    latency: object({ sli: text, atMost: number }),
    answers: object({ headers: labels, requests: some(visit), ignore: list(text), times: number }),
  },
)

const act = variants('kind', {
  taint: object({ nodes, key: text, effect: oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute') }),
  drain: object({ nodes }),
  'power-off': object({ nodes }),
  scale: object({ workload, replicas: number }),
  pin: object({ workload, replicas: number }),
  rollout: object({ workload }),
  release: variants('shape', {
    rolling: object(released, { config, migration: object({ run: text, withinMs: ms, waitsMs: ms }) }),
    canary: object({ ...released, canary }),
    'blue-green': object({ ...released, canary, preview }),
    'a-b': object({ ...released, canary, cohorts }),
    shadow: object({ ...released, canary, shadow }),
  }),
  flag: object({ configMap: text, key: text, value: text }),
  promote: object({ database: text, to: text }),
  restore: object({ from: text, backup: oneOf('now', 'latest'), pointAfterMs: ms, archivedWithinMs: ms, withinMs: ms }),
  cutover: cutoverAct,
  follow: object(
    { rollout: text, withinMs: ms },
    { gate: object({ source: text, where: list(labels), errors: object({ atMost: share, from: number }) }) },
  ),
})

const action = object({ name: text, during: text, atMs: ms, act, expect: list(reaction), at }, { forMs: ms, when })

const want = oneOf(
  'default-deny',
  'bounded-egress',
  'bounded-ingress',
  'rotated-secrets',
  'pinned-images',
  'restricted-pods',
  'read-only-root',
  'resource-limits',
  'priorities',
  'probes',
  'redundancy',
  'rollouts',
  'spread',
  'autoscaling',
  'enforced-policies',
  'enforced-network',
)

const scalingMetric = variants('kind', {
  gauge: object({ of: text, metric: text, where: labels, pods: oneOf('sum', 'max'), above: number }),
  rate: object({ of: text, metric: text, where: labels, above: rate }),
})

const expectation = variants('kind', {
  autoscaler: object(
    { name: text, phase: text, decidesWithinSyncs: number, readyWithinMs: ms, atLeast: number, at },
    { scalesOn: scalingMetric, calms: object({ withinMs: ms, turnsMax: number }) },
  ),
  keda: object(
    { scaledObject: text, phase: text, activatesWithinMs: ms, readyWithinMs: ms, atLeast: number, at },
    { idleWithinMs: ms },
  ),
  connections: object({ of: text, metric: text, where: labels, pods: oneOf('sum', 'max'), atMost: number, at }),
  disruption: object({ budget: text, at }),
  posture: object({ namespaces: some(text), wants: some(want), at }),
  human: object({ reactions: list(variants('kind', ofPeople)), at }),
  'no-other-alerts': object({ allow: list(text), at }),
  ledger: object({ settleWithinMs: ms, at }),
  delivered: object({ stream: text, withinMs: ms, at }),
})

const requiredState = variants('kind', {
  'at-maximum': object({ autoscaler: text, at }, { phase: text }),
  gauge: object(
    { of: text, metric: text, where: labels, pods: oneOf('sum', 'max'), atLeast: number, at },
    { phase: text },
  ),
  rate: object({ of: text, metric: text, where: labels, atLeast: rate, at }, { phase: text }),
})

const measured = {
  http: object({ where: labels, at }),
  grpc: object({ where: labels, at }),
  websocket: object({ where: labels, at }),
  checks: object({ where: labels, at }),
  rate: object({ metric: text, good: oneOf('zero', 'nonzero'), where: labels, at }),
  trend: object({ metric: text, where: labels, at }),
  counters: object({ good: text, bad: text, where: labels, at }),
}
const indicator = variants('kind', measured)
const sli = variants('kind', {
  union: object({ of: some(text) }),
  refusal: object({}),
  ...measured,
  'prometheus-ratio': object({ of: text, good: text, total: text, at }, { series: labels }),
  'prometheus-failures': object({ of: text, bad: text, total: text, at }, { series: labels }),
  'prometheus-buckets': object({ of: text, buckets: text, unit: oneOf('s', 'ms'), at }, { series: labels }),
})

const slo = variants('kind', {
  availability: object({ sli: text, objective: share, at }),
  latency: object({ sli: text, quantile: share, targetMs: ms, ceilingMs: ms, at }),
})

const guardrail = variants('kind', {
  availability: object({ id: text, sli: text, below: share, forMs: ms, at }),
  burn: object({ id: text, sli: text, objective: share, factor: number, longMs: ms, shortMs: ms, at }),
})

const gameday = object(
  { roles: list(object({ role, name: text })), checklist: list(text) },
  { briefing: text, timeboxMs: ms },
)

export const rehearsal = object(
  {
    name: text,
    file: text,
    hypothesis: text,
    contexts: some(text),
    load,
    blastRadius,
    phases: some(phase),
    faults: list(fault),
    actions: list(action),
    expectations: list(expectation),
    slis: record(sli),
    slos: some(slo),
    guardrails: list(guardrail),
  },
  { reaches: list(requiredState), compare: compareSettings, gameday },
)

const source = object(
  { namespace: text, selector: labels, port: number, path: text, metrics: list(text) },
  { configuration: object({ metric: text, label: text }) },
)
const providerCalls = object({
  counter: text,
  providers: some(text),
  labels: object({ provider: text, outcome: text }),
  outcomes: object({ done: text, inVain: list(text) }, { keptAway: text }),
})
const database = object({
  apiVersion: text,
  plural: text,
  namespace: text,
  name: text,
  desired: text,
  observed: text,
})

const secretPlace = variants('kind', { env: object({ name: text }), file: object({ path: text }) })
const credential = object({
  at,
  from: variants('kind', {
    env: object({ name: text }),
    file: object({ path: text }),
    secret: object({ namespace: text, name: text, key: text }),
  }),
})
const endpoint = object(
  { url: text },
  { login: object({ kind: oneOf('bearer', 'basic'), from: secretPlace }), ca: text, at },
)
const publish = object({}, { remoteWrite: endpoint, grafana: endpoint })
const prometheus = object({
  server: variants('kind', {
    service: object({ namespace: text, service: text, port: number }),
    url: endpoint,
  }),
  scrapeMs: ms,
  sources: record(labels),
})

const serviceCall = object({ service: text, port: number, path: text })
const restorePlace = object(
  {
    point: serviceCall,
    copy: object({ plural: text, object: anyObject, ready: text }, { failed: object({ field: text, value: text }) }),
    read: object({ port: number }, { service: text }),
    book: text,
  },
  { backup: serviceCall, archived: serviceCall },
)

export const target = object(
  {
    context: text,
    file: text,
    namespace: text,
    entry: text,
    hpaSyncMs: ms,
    loadFactor: number,
    sources: record(source),
    books: list(object({ book: text, namespace: text, service: text, port: number }, { ledger: flag })),
    followUps: record(text),
    providerCalls: list(providerCalls),
    unreadyWithinMs: ms,
    databases: record(database),
    addresses: record(list(text)),
  },
  {
    clusterUid: text,
    endpoints: record(list(object({ ip: text, port: number }))),
    injectionBudgetMs: ms,
    load: object(
      { runners: number, namespace: text, image: text, relayImage: text, cpu: text, memory: text, at },
      { entry: text, nodeSelector: labels, tolerates: list(text) },
    ),
    prometheus,
    publish,
    credentials: record(credential),
    releases: record(
      object(
        { entry: text },
        {
          pinned: object({ deployment: text, replicas: number, at }),
          rollOut: object({ deployment: text, images: record(text), annotations: record(text), withinMs: ms, at }),
        },
      ),
    ),
    streams: record(object({ book: text, operation: text })),
    restores: record(restorePlace),
    migrations: record(object({ job: anyObject, waits: object({ source: text, metric: text }) })),
    cutovers: record(cutoverPlace),
    acceptedFindings: list(object({ cause: text, owner: text, reason: text, until: text, at }, { about: text })),
  },
)

/** Rates and, of the sockets, populations: both counted from 0. */
const stage = object({ durationMs: ms, from: rate, to: rate })

const outside = object({
  scenarios: record(k6Scenario),
  shown: list(object({ name: text, model: oneOf('open', 'closed'), sentence: text, warnings: list(text) })),
  endsMs: ms,
  drainMs: ms,
})

export const loadPlan = object(
  {
    run: text,
    seed: number,
    entry: text,
    profiles: list(object({ name: text, stages: some(stage) })),
    unions: record(some(text)),
    limits: record(object({ targetMs: ms, ceilingMs: ms })),
  },
  {
    sockets: object({ lifetimeMs: ms, stages: list(stage), sli: text }),
    indicators: record(indicator),
    outside,
    thresholds: list(object({ metric: text, expression: text, abortOnFail: flag })),
    handlesSummary: oneOf(true),
    bundled: oneOf(true),
    runners: number,
    env: labels,
  },
)

export const timeline = object({
  run: text,
  seed: number,
  totalMs: ms,
  phases: some(object({ name: text, fromMs: ms, rampEndMs: ms, toMs: ms, factor: number })),
  faults: list(object({ name: text, fromMs: ms, toMs: ms, object: createdObject }, { gate, trigger: plannedTrigger })),
  actions: list(object({ name: text, fromMs: ms, act }, { toMs: ms, trigger: plannedTrigger })),
  load: loadPlan,
})
