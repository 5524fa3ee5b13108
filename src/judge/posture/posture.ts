/**
 * Posture: which wants the listed objects of a namespace meet. The same rules judge a rehearsal's evidence and `matchday check`, which
 * only looks. What was not read is a gap; an empty list was.
 */

import type { Cause } from '../../domain/causes.ts'
import { type PostureKind, type PostureWant, postureKinds } from '../../domain/posture.ts'
import type { Finding, PostureResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { count, listed } from '../findings/words.ts'
import type { NamespaceListed } from '../seen/listed.ts'
import type { Seen } from '../seen/seen.ts'
import { dialsUnknown, networkAmiss } from './dials.ts'
import { dryRunsUnknown, policyNotEnforced } from './dry-runs.ts'
import type { Flaw } from './flaw.ts'
import { egressUnbounded, ingressUnbounded, policyMissing } from './network.ts'
import { imageUnpinned, limitsMissing, podPrivileged, priorityMissing, rootWritable } from './pods.ts'
import { probesAmiss } from './probes.ts'
import { rolloutsAmiss } from './rollouts.ts'
import { scalersAmiss } from './scalers.ts'
import { secretUnrotated } from './secrets.ts'
import { redundancyAmiss, spreadMissing } from './standing.ts'

export function judgePosture(seen: Seen): Ruled<readonly PostureResult[]> {
  const ruled = expectationsOf(seen, 'posture').flatMap(({ namespaces, wants }) =>
    namespaces.flatMap((namespace) => wants.map((want) => judgeWant(namespace, want, seen.listed.of(namespace)))),
  )
  return allRuled(ruled)
}

export function judgeWant(
  namespace: string,
  want: PostureWant,
  seen: NamespaceListed | undefined,
): { readonly result: PostureResult; readonly findings: readonly Finding[] } {
  const kinds = postureKinds[want]
  const lines = kinds.map((kind) => seen?.lines.get(kind))
  const unread = kinds.filter((kind) => seen?.lists[kind] === undefined)
  if (seen === undefined || unread.length > 0) {
    const sentence = `It is not known whether ${namespace} has ${want}: ${listed(unread)} was not read.`
    const findings = [finding('gap', 'posture-unread', `${namespace}: ${want}`, sentence, lines)]
    return { result: { namespace, want, held: false, sentence }, findings }
  }
  const flaws = flawsOf(namespace, want, seen)
  const breaches = flaws.filter((each) => each.weight === 'breach')
  const looked = kinds.map((kind) => count(seen.lists[kind]?.length ?? 0, words[kind][0], words[kind][1])).join(', ')
  const unknown = unknownOf(want, seen)
  return {
    result: {
      namespace,
      want,
      held: breaches.length + unknown.length === 0,
      sentence: resultOf(looked, flaws, unknown),
    },
    findings: [
      ...flaws.map((each) => finding(each.weight, each.cause, each.subject, each.sentence, lines)),
      ...unknown.map((each) => finding('gap', 'posture-unread', `${namespace}: ${want}`, each, lines)),
    ],
  }
}

function resultOf(looked: string, flaws: readonly Flaw[], unknown: readonly string[]): string {
  if (flaws.length > 0) return `${looked}: ${count(flaws.length, 'finding')}.`
  return unknown.length > 0 ? unknown.join(' ') : `${looked}: as it should be.`
}

/** What a check that tries something could not find out, although it was made. */
function unknownOf(want: PostureWant, { lists }: NamespaceListed): readonly string[] {
  switch (want) {
    case 'enforced-policies':
      return dryRunsUnknown(lists.DryRun ?? [])
    case 'enforced-network':
      return dialsUnknown(lists.Dial ?? [])
    default:
      return []
  }
}

/** Which causes speak of a want, so that a report can put each finding to what it is about. */
export const causesOfWant: Readonly<Record<PostureWant, readonly Cause[]>> = {
  'default-deny': ['policy-missing'],
  'bounded-egress': ['egress-unbounded'],
  'bounded-ingress': ['ingress-unbounded'],
  'rotated-secrets': ['secret-unrotated'],
  'pinned-images': ['image-unpinned'],
  'restricted-pods': ['pod-privileged'],
  'read-only-root': ['root-writable'],
  'resource-limits': ['limits-missing'],
  priorities: ['priority-missing'],
  probes: ['probe-missing', 'liveness-unsafe', 'probes-alike', 'readiness-slow', 'grace-too-short'],
  redundancy: ['single-replica', 'budget-missing', 'budget-blocks', 'budget-ineffective'],
  rollouts: ['rollout-too-wide'],
  spread: ['spread-missing'],
  autoscaling: ['autoscaler-on-cpu', 'autoscaler-pinned', 'autoscaler-to-one'],
  'enforced-policies': ['policy-not-enforced'],
  'enforced-network': ['network-not-enforced', 'network-blocked'],
}

const words: Readonly<Record<PostureKind, readonly [one: string, many: string]>> = {
  Workload: ['workload', 'workloads'],
  Service: ['service', 'services'],
  NetworkPolicy: ['policy', 'policies'],
  Secret: ['secret', 'secrets'],
  PodDisruptionBudget: ['disruption budget', 'disruption budgets'],
  HorizontalPodAutoscaler: ['autoscaler', 'autoscalers'],
  ScaledObject: ['scaled object', 'scaled objects'],
  DryRun: ['dry run', 'dry runs'],
  Dial: ['connection tried', 'connections tried'],
}

/** Lists that a want does not name are empty here; those that it names were read. */
function flawsOf(namespace: string, want: PostureWant, { lists, at }: NamespaceListed): readonly Flaw[] {
  const { Workload: workloads = [], Service: services = [], NetworkPolicy: policies = [] } = lists
  switch (want) {
    case 'default-deny':
      return policyMissing(namespace, policies, workloads)
    case 'bounded-egress':
      return egressUnbounded(policies, workloads)
    case 'bounded-ingress':
      return ingressUnbounded(policies, workloads)
    case 'rotated-secrets':
      return secretUnrotated(lists.Secret ?? [], workloads, at)
    case 'pinned-images':
      return imageUnpinned(workloads)
    case 'restricted-pods':
      return podPrivileged(workloads)
    case 'read-only-root':
      return rootWritable(workloads)
    case 'resource-limits':
      return limitsMissing(workloads)
    case 'priorities':
      return priorityMissing(workloads)
    case 'probes':
      return probesAmiss(workloads, services)
    case 'redundancy':
      return redundancyAmiss(workloads, services, lists.PodDisruptionBudget ?? [])
    case 'rollouts':
      return rolloutsAmiss(workloads, lists.PodDisruptionBudget ?? [])
    case 'spread':
      return spreadMissing(workloads)
    case 'autoscaling':
      return scalersAmiss(lists.HorizontalPodAutoscaler ?? [], lists.ScaledObject ?? [])
    case 'enforced-policies':
      return policyNotEnforced(namespace, lists.DryRun ?? [])
    case 'enforced-network':
      return networkAmiss(namespace, lists.Dial ?? [])
  }
}
