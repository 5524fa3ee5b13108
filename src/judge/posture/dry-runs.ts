/** Findings about pods that admission accepted in a dry run although a policy should refuse them. */
import { type DryRunSeen, type TriedPod, triedPods } from '../../domain/effects.ts'
import { count } from '../findings/words.ts'
import type { Flaw } from './flaw.ts'

const WORDS: Readonly<Record<TriedPod, string>> = {
  'in-order': 'a pod that is in order',
  privileged: 'a privileged pod',
  'latest-tag': 'a pod whose image has the tag latest',
  'without-limits': 'a pod without requests and limits',
}

export const policyNotEnforced = (namespace: string, runs: readonly DryRunSeen[]): readonly Flaw[] =>
  runs
    .filter(({ tried, outcome }) => tried !== 'in-order' && outcome === 'accepted')
    .map(({ tried }) => ({
      weight: 'breach',
      cause: 'policy-not-enforced',
      subject: `${namespace}/${tried}`,
      sentence: `The API server accepts ${WORDS[tried]} in ${namespace} (dry run; nothing was created).`,
    }))

/** Refusals prove a policy only if a pod without the flaw is let in, so that the flaw is the reason. */
export function dryRunsUnknown(runs: readonly DryRunSeen[]): readonly string[] {
  const control = runs.find(({ tried }) => tried === 'in-order')
  const refused = runs.filter(({ tried, outcome }) => tried !== 'in-order' && outcome === 'refused')
  const unanswered = runs.filter(({ tried, outcome }) => tried !== 'in-order' && outcome === 'unanswered')
  const untried = triedPods.filter((pod) => pod !== 'in-order' && !runs.some(({ tried }) => tried === pod))
  return [
    ...untried.map((pod) => `The record has no dry run of ${WORDS[pod]}.`),
    ...unanswered.map(({ tried, said }) => `The dry run of ${WORDS[tried]} got no answer about the pod: ${said}`),
    ...(refused.length > 0 && control?.outcome !== 'accepted'
      ? [`${count(refused.length, 'refusal proves', 'refusals prove')} nothing: ${controlOf(control)}`]
      : []),
  ]
}

const controlOf = (control: DryRunSeen | undefined): string =>
  control === undefined
    ? 'no pod that is in order was tried.'
    : `the API server does not let in a pod that is in order either: ${control.said}`
