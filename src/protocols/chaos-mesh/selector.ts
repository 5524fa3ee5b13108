/**
 * Which pods a selector means, as Chaos Mesh finds them: all fields ANDed, once, at the moment of injection. Pods that are
 * pending, finished or being deleted are taken too.
 */

import { hasPairs, type Labels, meets, requirementProblem } from '../kubernetes/label-selector.ts'
import { chosenCount, chosenIndexes } from './mode.ts'
import type { Mode, PodSelectorSpec } from './objects.ts'

/** The part of a pod that selection looks at; a Pod of any Kubernetes client fits. */
export type SelectablePod = {
  readonly metadata?: {
    readonly name?: string
    readonly namespace?: string
    readonly labels?: Labels
    readonly annotations?: Labels
  }
  readonly spec?: {
    readonly nodeName?: string
    readonly restartPolicy?: string
    readonly schedulerName?: string
    readonly serviceAccountName?: string
  }
  readonly status?: {
    readonly phase?: string
    readonly podIP?: string
    readonly podIPs?: readonly { readonly ip?: string }[]
    readonly nominatedNodeName?: string
  }
}
export type SelectableNode = { readonly metadata?: { readonly name?: string; readonly labels?: Labels } }

export type Selection<P> =
  | { readonly ok: true; readonly pods: readonly P[] }
  /** Worded as Chaos Mesh words its event: "Failed to select targets: <reason>". */
  | { readonly ok: false; readonly reason: string }

/** Every namespace that the selectors of a chaos object's `spec` name. Where they name none they mean the object's own. */
export function selectedNamespaces(value: unknown): readonly string[] {
  if (typeof value !== 'object' || value === null) return []
  const own =
    'namespaces' in value && Array.isArray(value.namespaces)
      ? value.namespaces.filter((each) => typeof each === 'string')
      : []
  const named = 'pods' in value && typeof value.pods === 'object' && value.pods !== null ? Object.keys(value.pods) : []
  return [...own, ...named, ...Object.values(value).flatMap(selectedNamespaces)]
}

/** The pods that an experiment would hit. `random` gives numbers in [0, 1). */
export function selectPods<P extends SelectablePod>(
  selector: PodSelectorSpec,
  mode: Mode,
  value: string | undefined,
  pods: readonly P[],
  nodes: readonly SelectableNode[],
  namespaceOfObject: string,
  random: () => number,
): Selection<P> {
  const matching = matchingPods(selector, pods, nodes, namespaceOfObject)
  if (!matching.ok) return matching
  if (matching.pods.length === 0) return { ok: false, reason: 'no pod is selected' }
  const count = chosenCount(mode, value, matching.pods.length, random)
  if (typeof count === 'string') return { ok: false, reason: count }
  if (count === 0) return { ok: false, reason: 'no target has been selected' }
  const chosen = chosenIndexes(count, matching.pods.length, random)
  return { ok: true, pods: chosen.flatMap((index) => matching.pods[index] ?? []) }
}

/** Every pod that the selector matches, before the mode draws from them. */
export function matchingPods<P extends SelectablePod>(
  selector: PodSelectorSpec,
  pods: readonly P[],
  nodes: readonly SelectableNode[],
  namespaceOfObject: string,
): Selection<P> {
  const { pods: named } = selector
  if (named !== undefined && Object.keys(named).length > 0) return { ok: true, pods: namedPods(named, pods) }
  const problem = selectorProblem(selector, nodes)
  if (problem !== undefined) return { ok: false, reason: problem }
  const namespaces = selector.namespaces?.length ? selector.namespaces : [namespaceOfObject]
  const nodeNames = chosenNodes(selector, nodes)
  const matches = (pod: P): boolean =>
    namespaces.includes(pod.metadata?.namespace ?? 'default') &&
    (nodeNames === undefined || nodeNames.has(pod.spec?.nodeName ?? '')) &&
    hasPairs(pod.metadata?.labels ?? {}, selector.labelSelectors) &&
    (selector.expressionSelectors ?? []).every((expression) => meets(pod.metadata?.labels ?? {}, expression)) &&
    hasPairs(pod.metadata?.annotations ?? {}, selector.annotationSelectors) &&
    hasFields(pod, selector.fieldSelectors) &&
    inPhase(pod.status?.phase ?? '', selector.podPhaseSelectors ?? [])
  return { ok: true, pods: pods.filter(matches) }
}

/** Named pods that don't exist are skipped without a word. */
function namedPods<P extends SelectablePod>(
  named: Readonly<Record<string, readonly string[]>>,
  pods: readonly P[],
): P[] {
  return Object.entries(named).flatMap(([namespace, names]) =>
    names.flatMap(
      (name) => pods.find((pod) => pod.metadata?.namespace === namespace && pod.metadata.name === name) ?? [],
    ),
  )
}

function selectorProblem(selector: PodSelectorSpec, nodes: readonly SelectableNode[]): string | undefined {
  for (const expression of selector.expressionSelectors ?? []) {
    const problem = requirementProblem(expression)
    if (problem !== undefined) return `cannot parse label selector, msg: ${problem}`
  }
  const missing = (selector.nodes ?? []).find((name) => !nodes.some((node) => node.metadata?.name === name))
  return missing === undefined ? undefined : `cannot parse node selector, msg: nodes "${missing}" not found`
}

/** Names of the nodes whose pods are meant, or undefined when nodes play no part. */
function chosenNodes(selector: PodSelectorSpec, nodes: readonly SelectableNode[]): ReadonlySet<string> | undefined {
  const named = selector.nodes ?? []
  const pairs = selector.nodeSelectors ?? {}
  if (named.length === 0 && Object.keys(pairs).length === 0) return undefined
  const labelled =
    Object.keys(pairs).length === 0 ? [] : nodes.filter((node) => hasPairs(node.metadata?.labels ?? {}, pairs))
  return new Set([...named, ...labelled.map((node) => node.metadata?.name ?? '')])
}

/** One included phase is enough; any excluded phase rules the pod out. */
function inPhase(phase: string, selectors: readonly string[]): boolean {
  const excluded = selectors.filter((text) => text.startsWith('!')).map((text) => text.slice(1).trim())
  const included = selectors.filter((text) => !text.startsWith('!')).map((text) => text.trim())
  return !excluded.includes(phase) && (included.length === 0 || included.includes(phase))
}

function hasFields(pod: SelectablePod, selectors: Labels | undefined): boolean {
  const fields = selectors === undefined ? {} : podFields(pod)
  // A field that pods don't have reads as empty, so it matches only an empty value.
  return Object.entries(selectors ?? {}).every(
    ([field, value]) => (Object.hasOwn(fields, field) ? (fields[field] ?? '') : '') === value,
  )
}

const podFields = ({ metadata, spec, status }: SelectablePod): Readonly<Record<string, string | undefined>> => ({
  'metadata.name': metadata?.name,
  'metadata.namespace': metadata?.namespace,
  'spec.nodeName': spec?.nodeName,
  'spec.restartPolicy': spec?.restartPolicy,
  'spec.schedulerName': spec?.schedulerName,
  'spec.serviceAccountName': spec?.serviceAccountName,
  'status.phase': status?.phase,
  'status.podIP': status?.podIPs?.[0]?.ip ?? status?.podIP,
  'status.nominatedNodeName': status?.nominatedNodeName,
})
