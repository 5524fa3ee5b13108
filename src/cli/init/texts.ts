/** The four files, as texts. */
import type { Survey, Unread } from '../../adapters/kubernetes/survey.ts'
import type { Profile, WorkloadChoice } from './choice.ts'
import { decide, flowList, flowMap, scalar, slug, urlScalar } from './text.ts'

export type Paths = {
  readonly target: string
  readonly rehearsal: string
  readonly script: string
  readonly fault: string
}

const isUnread = ({ unread, namespace }: Survey, what: string): Unread | undefined =>
  unread.find((each) => each.what === what && (each.namespace === namespace || each.namespace === ''))

const unreadable = (what: string, namespace: string): string =>
  `${what} of ${namespace} may not be read with this login; look for yourself.`

export function targetText(
  survey: Survey,
  { workload, entry }: WorkloadChoice,
  schema: string,
  isLab: boolean,
): string {
  const { context, namespace, others, clusterUid } = survey
  const alsoThere =
    others.length === 0 ? '' : `  ${decide(`is it this namespace? There are also ${others.join(', ')}.`)}`
  const isOpen =
    entry === undefined
      ? `  ${decide('no Ingress or HTTPRoute was found; write the URL where requests come in from this machine.')}`
      : `  ${decide('can this machine reach it, and may it be loaded?')}`
  return lines(
    `# yaml-language-server: $schema=${schema}`,
    '#',
    '# The cluster under test: what differs between clusters. There is one file for each kube context.',
    'apiVersion: matchday.dev/v1',
    'kind: Target',
    `metadata: {name: ${scalar(slug(context, 63))}}`,
    'spec:',
    `  context: ${scalar(context)}`,
    `  namespace: ${scalar(namespace)}${alsoThere}`,
    `  entry: ${urlScalar(entry ?? 'http://127.0.0.1:8080')}${isOpen}`,
    ...uidText(clusterUid, isLab),
    '  # How often the HorizontalPodAutoscaler controller looks (15s unless its flags say otherwise).',
    `  hpaSync: ${isLab ? '2s' : '15s'}`,
    '  # Multiplies all load on this cluster.',
    '  loadFactor: 1x',
    ...sourcesText(survey, workload.metrics),
  )
}

function uidText(clusterUid: string | undefined, isLab: boolean): readonly string[] {
  if (isLab) return ['  # No clusterUid: each boot of the lab makes a new one.']
  if (clusterUid === undefined)
    return [`  ${decide('add clusterUid: kubectl get namespace kube-system -o jsonpath={.metadata.uid}')}`]
  return [
    '  # A context of the same name that leads to another cluster is refused.',
    `  clusterUid: ${scalar(clusterUid)}`,
  ]
}

/** Somebody must decide which counters prove a fault. Until then a source is a comment. */
function sourcesText(
  survey: Survey,
  metrics: { readonly port: number; readonly path?: string } | undefined,
): readonly string[] {
  const { prometheus, workloads, namespace } = survey
  const scraped = workloads.filter((each) => each.metrics !== undefined)
  return [
    ...(prometheus.length > 0
      ? [`  # Prometheus: ${prometheus.map((each) => `${each.namespace}/${each.service}:${each.port}`).join(', ')}`]
      : (isUnread(survey, 'services') && [
          `  ${decide('is there a Prometheus? Services of all namespaces may not be read with this login.')}`,
        ]) ||
        []),
    '  # Metrics that witness faults and reactions, read from the pods through the API server.',
    '  sources: {}',
    ...(scraped.length === 0 && metrics === undefined
      ? [`  ${decide('name pods that show metrics as sources; a first run works without.')}`]
      : [`  ${decide('put what you need below sources instead of {}, each with the metrics that it shows.')}`]),
    ...scraped.flatMap((each) => [
      `  #  ${slug(each.name, 63)}:`,
      `  #    namespace: ${scalar(namespace)}`,
      `  #    selector: ${flowMap(each.selector)}`,
      `  #    port: ${each.metrics?.port ?? 0}`,
      ...(each.metrics?.path === undefined ? [] : [`  #    path: ${scalar(each.metrics.path)}`]),
      '  #    metrics: [http_requests_total]',
    ]),
  ]
}

export function rehearsalText(survey: Survey, choice: WorkloadChoice, paths: Paths, schema: string): string {
  const { workload, name, profiles } = choice
  const [first] = profiles
  const main = first?.name ?? 'home'
  return lines(
    `# yaml-language-server: $schema=${schema}`,
    '#',
    `# A first rehearsal: load on ${workload.name}, and one of its pods is killed at the peak. Lines with DECIDE need you.`,
    `#   matchday plan ${paths.rehearsal} --context ${scalar(survey.context)}`,
    'apiVersion: matchday.dev/v1',
    'kind: Rehearsal',
    `metadata: {name: ${scalar(`${name}-pod-kill`)}}`,
    'spec:',
    `  hypothesis: When one pod of ${workload.name} is killed under load, users hardly notice it.  ${decide('what do you want to know?')}`,
    '  target:',
    `    contexts: ${flowList([survey.context])}`,
    '  load:',
    `    script: ${scalar(fileName(paths.script))}`,
    '    # Arrivals per second at 1x: they come whether or not the platform keeps up.',
    `    arrivals: {${profiles.map((each) => `${each.name}: 5/s`).join(', ')}}  ${decide('how many are normal?')}`,
    '  # The most that may be harmed at one time.',
    `  blastRadius: {namespaces: ${flowList([survey.namespace])}, pods: 1, zones: 1}`,
    '  timeline:',
    '    - {phase: baseline, ramp: 5s, for: 30s, load: 1x}',
    `    - {phase: peak, ramp: 10s, for: 90s, load: 2x}  ${decide('how high is your peak?')}`,
    '    - {phase: recovery, ramp: 5s, for: 30s, load: 1x}',
    ...faultText(survey, choice, paths, main),
    ...expectText(survey, choice),
    '  slos:',
    `    - {sli: ${main}, objective: 99%}  ${decide('your objective: share of requests that must be good.')}`,
    `    - {sli: ${main}, p95: 500ms}  ${decide('your objective: latency of 95 % of the good ones.')}`,
    '  # Stops and heals the run.',
    '  guardrails:',
    `    - abortWhen: {sli: ${main}, below: 50%, for: 20s}`,
  )
}

function faultText(
  { hasChaosMesh }: Survey,
  { workload, app, name }: WorkloadChoice,
  paths: Paths,
  sli: string,
): readonly string[] {
  const { replicas } = workload
  const text = [
    '  faults:',
    `    - name: one pod of ${name} killed`,
    '      during: peak',
    '      at: 30s',
    '      for: 20s',
    `      apply: ${scalar(`../chaos/${fileName(paths.fault)}`)}`,
    "      # The cluster's own probes must see it. A fault that nobody saw proves nothing.",
    `      witness: {ready: pods, app: ${scalar(app ?? name)}, becomes: ${Math.max(0, replicas - 1)}, within: 10s}`,
    '      expect:',
    `        - recovers: {slo: ${sli}, within: 20s}  ${decide('how long may it take?')}`,
  ]
  const warnings = [
    ...(replicas < 2
      ? [
          `  ${decide(`${workload.name} has ${replicas} ${replicas === 1 ? 'pod' : 'pods'}: killing it takes the service away.`)}`,
        ]
      : []),
    ...(app === undefined
      ? [
          `  ${decide(`pods of ${workload.name} have none of the labels app.kubernetes.io/name, app, k8s-app; the witness needs one.`)}`,
        ]
      : []),
  ]
  if (hasChaosMesh) return [...warnings, ...text]
  return [
    `  ${decide('Chaos Mesh is not installed in this cluster. Install it and uncomment, or rehearse without a fault.')}`,
    ...warnings,
    ...text.map((line) => `  #${line.replace(/ *# DECIDE:.*$/, '').slice(2)}`),
  ]
}

function expectText(survey: Survey, { workload }: WorkloadChoice): readonly string[] {
  const { autoscalers, budgets, scaledObjects, namespace } = survey
  const scaler = autoscalers.filter(({ of, ofKind = 'Deployment' }) => of === workload.name && ofKind === workload.kind)
  const protects = budgets.filter(({ selector }) => selector !== undefined && isPart(selector, workload.labels))
  const keda = scaledObjects.filter(({ of, ofKind }) => of === workload.name && ofKind === workload.kind)
  const held = protects.filter(({ wantedHealthy }) => workload.replicas - 1 >= wantedHealthy)
  const broken = protects.filter((each) => !held.includes(each))
  const optional = [
    ...broken.map(
      ({ name, wantedHealthy }) =>
        `  ${decide(`budget ${name} wants ${wantedHealthy} of ${workload.replicas} pods; one killed pod violates it.`)}`,
    ),
    ...scaler.flatMap(({ name, min }) => [
      `  ${decide(`uncomment when the peak is high enough for the autoscaler ${name}.`)}`,
      `  #  - autoscaler: {name: ${scalar(name)}, on: peak, decidesWithin: 3 syncs, readyWithin: 60s, atLeast: ${min + 1}}`,
    ]),
    ...keda.flatMap(({ name, min }) => [
      `  ${decide(`uncomment when the peak wakes the ScaledObject ${name}.`)}`,
      `  #  - keda: {name: ${scalar(name)}, on: peak, activatesWithin: 60s, readyWithin: 90s, atLeast: ${Math.max(1, min + 1)}}`,
    ]),
    ...['horizontalpodautoscalers', 'poddisruptionbudgets', 'scaledobjects']
      .filter((what) => isUnread(survey, what))
      .map((what) => `  ${decide(unreadable(what, namespace))}`),
  ]
  const expected = held.map(({ name }) => `    - disruption: {budget: ${scalar(name)}, held: true}`)
  if (expected.length === 0 && optional.length === 0) return []
  return [expected.length === 0 ? '  #expect:' : '  expect:', ...expected, ...optional]
}

const isPart = (part: Readonly<Record<string, string>>, whole: Readonly<Record<string, string>>): boolean =>
  Object.entries(part).every(([key, value]) => whole[key] === value)

export function chaosText({ namespace }: Survey, { workload, name }: WorkloadChoice): string {
  return lines(
    `# One pod of ${workload.name} is deleted without grace, with the requests that it holds. Its ${workload.kind} makes another one.`,
    '# It is an ordinary Chaos Mesh file: kubectl apply takes it too.',
    'apiVersion: chaos-mesh.org/v1alpha1',
    'kind: PodChaos',
    `metadata: {name: ${scalar(`${name}-pod-kill`)}, namespace: ${scalar(namespace)}}`,
    'spec:',
    '  action: pod-kill',
    '  mode: one',
    '  selector:',
    `    namespaces: ${flowList([namespace])}`,
    `    labelSelectors: ${flowMap(workload.selector)}`,
  )
}

export function scriptText({ workload, profiles }: WorkloadChoice, library: string): string {
  return lines(
    `// What one request to ${workload.name} is. How many there are, and when, is in the rehearsal file.`,
    "import http from 'k6/http'",
    `import { expectStatus, loadOptions, measure, plan } from ${quoted(library)}`,
    '',
    `export { teardown, zero } from ${quoted(library)}`,
    'export const options = loadOptions()',
    ...profiles.flatMap((profile) => ['', ...profileText(profile)]),
  )
}

function profileText({ name, path }: Profile): readonly string[] {
  return [
    '// DECIDE: is this what users do, and what is a good answer?',
    `export const ${exportNameOf(name)} = measure(${quoted(name)}, () =>`,
    `  expectStatus(http.get(plan.entry + ${quoted(path)}, { timeout: 2000 }), 200),`,
    ')',
  ]
}

/** As scenarios/lib/load.ts: names of profiles have hyphens, those of functions cannot. */
const exportNameOf = (profile: string): string =>
  profile.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())

const quoted = (text: string): string => `'${text.replace(/[\\']/g, '\\$&')}'`
const fileName = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const lines = (...all: readonly string[]): string => `${all.join('\n')}\n`
