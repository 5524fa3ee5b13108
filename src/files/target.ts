/** The target file: what differs between clusters. */
import type { Parsed } from '../domain/issue.ts'
import type { DeployedRelease, MetricSource, ProviderCalls, RollOut, Target } from '../domain/rehearsal.ts'
import { type Millis, millis, seconds } from '../domain/units.ts'
import { acceptancesOf, reportRepeated } from './acceptance-shape.ts'
import { credentialPlaceOf } from './confidential.ts'
import { type Files, readText, relativeTo, wholeFile } from './files.ts'
import { checkPrometheus, prometheusOf } from './prometheus.ts'
import { checkPublish, publishOf } from './publish.ts'
import { collectIssues, type Report, settle } from './report.ts'
import { runnersOf } from './runners-shape.ts'
import type { Shape } from './shape.ts'
import { targetFile, type targetSpec } from './target-shape.ts'
import { openDocument } from './yaml-node.ts'

type Draft = typeof targetSpec extends Shape<infer T> ? T : never

/** Kubernetes' own default (kube-controller-manager --horizontal-pod-autoscaler-sync-period). */
const HPA_SYNC_DEFAULT = seconds(15)
/** An image may have to be pulled, and pods are replaced one after the other. */
const ROLL_OUT_DEFAULT = seconds(180)
/** Kubernetes' own defaults of a probe (periodSeconds, failureThreshold, timeoutSeconds). */
const PROBE_DEFAULT = { period: seconds(10), failures: 3, timeout: seconds(1) }

/**
 * The path of a context's target file: `targets/` beside the rehearsal. Characters not allowed in file names (`arn:aws:eks:…/prod`) become `-`.
 */
export const targetPath = (rehearsalFile: string, context: string): string =>
  relativeTo(rehearsalFile, `targets/${context.replace(/[^A-Za-z0-9._-]/g, '-')}.yaml`)

export function parseTarget(files: Files, path: string): Parsed<Target> {
  const { report, found } = collectIssues()
  const text = readText(files, path, wholeFile(path), 'Target file', report)
  const root = text === undefined ? undefined : openDocument(path, text, report)
  const draft = root && targetFile.decode(root, report)?.value.spec?.value
  if (draft?.prometheus !== undefined)
    checkPrometheus(draft.prometheus.value, Object.keys(draft.sources?.value ?? {}), report)
  if (draft?.publish !== undefined) checkPublish(draft.publish.value, report)
  checkRollOuts(draft?.releases?.value ?? {}, report)
  reportRepeated(draft?.acceptedFindings?.value ?? [], report)
  const issues = found()
  return settle(issues, draft === undefined || issues.length > 0 ? undefined : assemble(path, draft))
}

function assemble(file: string, draft: Draft): Target | undefined {
  const { context, namespace, entry, clusterUid, hpaSync, loadFactor, sources, books, databases, addresses } = draft
  const { credentials, followUps, injectionBudget, prometheus, providerCalls, readinessProbe, streams } = draft
  const { acceptedFindings, releases } = draft
  if (!context || !namespace || !entry || !sources) return undefined
  return {
    context: context.value,
    file,
    namespace: namespace.value,
    entry: entry.value.replace(/\/+$/, ''),
    ...(clusterUid === undefined ? {} : { clusterUid: clusterUid.value }),
    hpaSyncMs: hpaSync?.value ?? HPA_SYNC_DEFAULT,
    ...(injectionBudget === undefined ? {} : { injectionBudgetMs: injectionBudget.value }),
    loadFactor: loadFactor?.value ?? 1,
    ...(draft.load === undefined ? {} : { load: runnersOf(draft.load.value) }),
    sources: Object.fromEntries(
      Object.entries(sources.value).map(([name, source]): [string, MetricSource] => [name, sourceOf(source)]),
    ),
    ...(prometheus === undefined ? {} : { prometheus: prometheusOf(file, prometheus.value) }),
    ...(draft.publish === undefined ? {} : { publish: publishOf(file, draft.publish.value) }),
    ...(credentials === undefined
      ? {}
      : {
          credentials: mapValues(credentials.value, ({ at, value }) => ({ at, from: credentialPlaceOf(file, value) })),
        }),
    books: (books?.value ?? []).map(({ ledger, ...book }) => ({ ...book, ...(ledger ? { ledger } : {}) })),
    followUps: followUps?.value ?? {},
    ...(streams === undefined ? {} : { streams: streams.value }),
    providerCalls: (providerCalls?.value ?? []).map(callsOf),
    unreadyWithinMs: unreadyWithin(readinessProbe?.value ?? PROBE_DEFAULT),
    databases: databases?.value ?? {},
    ...(draft.restores === undefined ? {} : { restores: draft.restores.value }),
    ...(draft.migrations === undefined ? {} : { migrations: draft.migrations.value }),
    ...(draft.cutovers === undefined ? {} : { cutovers: draft.cutovers.value }),
    addresses: addresses?.value ?? {},
    ...(draft.endpoints === undefined
      ? {}
      : { endpoints: mapValues(draft.endpoints.value, (all) => all.map(endpointOf)) }),
    ...(releases === undefined ? {} : { releases: mapValues(releases.value, releaseOf) }),
    ...(acceptedFindings === undefined ? {} : { acceptedFindings: acceptancesOf(acceptedFindings.value) }),
  }
}

function sourceOf({ configuration, metrics, path, ...source }: NonNullable<Draft['sources']>['value'][string]) {
  const read = [...new Set([...metrics, ...(configuration === undefined ? [] : [configuration.metric])])]
  return {
    ...source,
    path: path ?? '/metrics',
    metrics: read,
    ...(configuration === undefined ? {} : { configuration }),
  }
}

type Value<K extends keyof Draft> = NonNullable<Draft[K]>['value']

function callsOf({ outcomes, ...calls }: Value<'providerCalls'>[number]): ProviderCalls {
  const { keptAway, ...others } = outcomes
  return { ...calls, outcomes: { ...others, ...(keptAway === undefined ? {} : { keptAway }) } }
}

function endpointOf(written: string): { readonly ip: string; readonly port: number } {
  const [ip = '', port = ''] = written.split(':')
  return { ip, port: Number(port) }
}

/** The first probe fails up to a period after the pod. */
const unreadyWithin = ({ period, failures, timeout }: Value<'readinessProbe'>): Millis =>
  millis(period * failures + timeout)

type Releases = NonNullable<Draft['releases']>['value']

const mapValues = <T, U>(all: Readonly<Record<string, T>>, turn: (value: T) => U): Record<string, U> =>
  Object.fromEntries(Object.entries(all).map(([key, value]) => [key, turn(value)]))

const releaseOf = ({ entry, pin, rollOut }: Releases[string]): DeployedRelease => ({
  entry: entry.replace(/\/+$/, ''),
  ...(pin === undefined ? {} : { pinned: { ...pin.value, at: pin.at } }),
  ...(rollOut === undefined ? {} : { rollOut: rollOutOf(rollOut) }),
})

type RollOutDraft = NonNullable<Releases[string]['rollOut']>

const rollOutOf = ({ value, at }: RollOutDraft): RollOut => ({
  deployment: value.deployment,
  images: value.image ?? {},
  annotations: value.annotations ?? {},
  withinMs: value.within ?? ROLL_OUT_DEFAULT,
  at,
})

function checkRollOuts(all: Releases, report: Report): void {
  for (const [name, { rollOut }] of Object.entries(all)) {
    if (rollOut === undefined || Object.keys({ ...rollOut.value.image, ...rollOut.value.annotations }).length > 0)
      continue
    report(rollOut.at, 'missing-key', `The release "${name}" rolls out nothing.`, 'add image or annotations.')
  }
}
