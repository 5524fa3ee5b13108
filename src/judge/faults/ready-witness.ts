/** A witness of readiness: the kubelets' own probes, and what the control plane makes of a node that no longer reports. */
import type { ReadyWitness } from '../../domain/rehearsal.ts'
import { count, duration } from '../findings/words.ts'
import type { HarmTimes } from '../harm/harm.ts'
import { readyOver } from '../seen/node-lives.ts'
import { fits, servingOver } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { firstWhere, type Steps, stepAt, stepsWithin } from '../seen/steps.ts'
import { podsOfApp } from '../seen/workload-pods.ts'
import type { Testimony } from './witness.ts'

export const readyWhat = ({ what, app, zone }: ReadyWitness): string =>
  `Ready ${what}${app === undefined ? '' : ` of ${app}`}${zone === undefined ? '' : ` in zone ${zone}`}`

export function testifyReady(seen: Seen, witness: ReadyWitness, times: HarmTimes): Testimony {
  const { createdAt, injectedAt, endAt } = times
  const steps = readyOverTime(seen, witness)
  const before = stepAt(steps, createdAt)
  const name = readyWhat(witness)
  const lines = stepsWithin(steps, createdAt, endAt).map((each) => each.line)
  if (before === undefined) return { proven: false, sentence: `${name} were never seen before the fault.`, lines }
  const no = (sentence: string): Testimony => ({ proven: false, before: before.value, sentence, lines })

  if (before.value <= witness.becomes) {
    return no(`${name} were ${before.value} before the fault already, so that their number would prove nothing.`)
  }
  const fell = firstWhere(steps, createdAt, endAt, (value) => value <= witness.becomes)
  const least = Math.min(...stepsWithin(steps, createdAt, endAt).map((each) => each.value))
  if (fell === undefined) {
    return {
      ...no(`${name} never fell to ${witness.becomes} (before: ${before.value}, least: ${least}).`),
      during: least,
    }
  }
  const tookMs = Math.max(0, fell.at - injectedAt)
  if (tookMs > witness.withinMs) {
    const sentence = `${name} fell to ${witness.becomes} after ${duration(tookMs)}, later than ${duration(witness.withinMs)}.`
    return { ...no(sentence), during: least, witnessedAt: fell.at }
  }
  const when = tookMs === 0 ? 'at once' : `within ${duration(tookMs)}`
  const sentence = `${name} fell from ${before.value} to ${fell.value} ${when}.`
  return {
    proven: true,
    witnessedAt: Math.max(fell.at, injectedAt),
    before: before.value,
    during: least,
    sentence,
    lines,
  }
}

function readyOverTime(seen: Seen, { what, app, zone }: ReadyWitness): Steps {
  const nodes = seen.objects.nodes.all.filter((node) => zone === undefined || node.zone === zone)
  if (what === 'nodes') return readyOver(nodes)
  const standing = zone === undefined ? {} : { nodes: new Set(nodes.map((node) => node.name)) }
  const { target } = seen.run.head
  const pods = app === undefined ? seen.objects.lives.all : podsOfApp(seen.objects.lives.all, target, app)
  const wanted = { ...standing, ...(app === undefined ? { namespace: target.namespace } : {}) }
  return servingOver(pods.filter((life) => fits(life, wanted)))
}

/**
 * Why readiness was not back by the end; undefined when it was. Pods that left a zone need not come back to it, its nodes do.
 */
export function notReadyAgain(
  seen: Seen,
  witness: ReadyWitness,
  times: HarmTimes,
  healedAt: number,
): string | undefined {
  const what = witness.what === 'pods' && witness.zone !== undefined ? 'nodes' : witness.what
  const asked: ReadyWitness = { ...witness, what }
  const steps = readyOverTime(seen, asked)
  const before = stepAt(steps, times.createdAt)?.value ?? 0
  // Nodes come back one and all; of an app more than the fault left is enough, for its number may be another by then.
  const enough = what === 'nodes' ? before : Math.min(before, witness.becomes + 1)
  if (firstWhere(steps, healedAt, seen.run.seenUntil, (value) => value >= enough)) return undefined
  const now = stepAt(steps, seen.run.seenUntil)?.value ?? 0
  const waited = duration(Math.max(0, seen.run.seenUntil - healedAt))
  return `${readyWhat(asked)}: ${now} of ${count(before, 'one', 'those')} before in the ${waited} of load after healing.`
}
