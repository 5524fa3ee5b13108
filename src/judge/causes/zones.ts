/** Zones: pods that stood together where they should have stood apart, and survivors who had no room for the work of the lost. */
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { isOver } from '../cluster/hpa-metric.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, duration, listed } from '../findings/words.ts'
import { type Harm, harmsOf, zoneTaken } from '../harm/harm.ts'
import type { HpaMoment } from '../seen/object-history.ts'
import { type PodLife, servesAt } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { type Steps, stepAt, timeWhere } from '../seen/steps.ts'
import { byApp, platformPods } from './platform-pods.ts'

/** Before the loss of a zone more pods of an app stood in it than an even spread would put there. */
export function zoneConcentrated(seen: Seen): readonly Finding[] {
  return harmsOf(seen).flatMap((harm) => {
    const zone = zoneTaken(harm)
    if (zone === undefined) return []
    const standing = platformPods(seen).filter((life) => servesAt(life, harm.createdAt))
    return byApp(standing).flatMap(([app, lives]) => concentrated(seen, harm, zone, app, lives))
  })
}

function concentrated(
  seen: Seen,
  harm: Harm,
  zone: string,
  app: string,
  lives: readonly PodLife[],
): readonly Finding[] {
  const there = lives.filter((life) => seen.objects.nodes.zoneOf(life.node) === zone)
  const zones = zonesOpenTo(seen, lives)
  if (lives.length < 2 || zones < 2 || there.length <= evenShare(lives.length, zones)) return []
  const sentence = `${there.length} of ${count(lives.length, 'pod')} of ${app} stood in zone ${zone} when ${harm.name} began, although ${zones} zones were available.`
  const lines = [...there.map((life) => life.bornLine), ...harm.lines.slice(0, 4)]
  return [finding('breach', 'zone-concentrated', app, sentence, lines)]
}

/** Zones that have nodes of the pools in which the app's pods stand. */
function zonesOpenTo(seen: Seen, lives: readonly PodLife[]): number {
  const nodes = seen.objects.nodes.all
  const pools = new Set(nodes.filter((node) => lives.some((life) => life.node === node.name)).map((node) => node.pool))
  return new Set(nodes.filter((node) => pools.has(node.pool) && node.zone !== '').map((node) => node.zone)).size
}

/** One more than an even share is a skew of one, as topology spread allows it; but never all of them. */
const evenShare = (pods: number, zones: number): number =>
  Math.min(pods - 1, Math.ceil(pods / zones) + (pods >= zones ? 1 : 0))

/** The scheduler places a pod at once where there is room; one that waits longer than this has found none. */
const PLACING_MS = 10_000

export function headroomMissing(seen: Seen): readonly Finding[] {
  return harmsOf(seen).flatMap((harm) =>
    zoneTaken(harm) === undefined ? [] : [...unplaced(seen, harm), ...overwhelmed(seen, harm)],
  )
}

function unplaced(seen: Seen, harm: Harm): readonly Finding[] {
  const waiting = platformPods(seen).filter((life) => {
    const until = Math.min(
      life.placedAt ?? Number.POSITIVE_INFINITY,
      life.deletingAt ?? Number.POSITIVE_INFINITY,
      harm.endAt,
    )
    return life.bornAt >= harm.createdAt && life.bornAt < harm.endAt && until - life.bornAt >= PLACING_MS
  })
  if (waiting.length === 0) return []
  const apps = [...new Set(waiting.map((life) => life.app))].sort(compare)
  const sentence = `${count(waiting.length, 'pod')} of ${listed(apps)} found no node during ${harm.name}: the other zones had no room for them.`
  return [
    finding(
      'breach',
      'headroom-missing',
      listed(apps),
      sentence,
      waiting.map((life) => life.bornLine),
    ),
  ]
}

/** Survivors at their maximum and over target for most of the harm, who were not so before it. */
function overwhelmed(seen: Seen, harm: Harm): readonly Finding[] {
  return [...seen.objects.hpas]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([name, history]) => {
      const steps: Steps<HpaMoment> = history.map((value) => ({ at: value.at, line: value.line, value }))
      const isSpent = (each: HpaMoment) => each.desired >= each.max && each.metrics.some(isOver)
      const before = stepAt(steps, harm.createdAt)
      const lastsMs = harm.endAt - harm.createdAt
      const spentMs = timeWhere(steps, harm.createdAt, harm.endAt, isSpent)
      if (spentMs <= lastsMs / 2 || !before || isSpent(before.value)) return []
      const lines = steps.filter((each) => each.at > harm.createdAt && each.at <= harm.endAt).map((each) => each.line)
      const sentence = `${name} stood at its maximum of ${before.value.max} pods and over its target for ${duration(spentMs)} (${showMeasuredPercent(spentMs / lastsMs)}) of ${harm.name}: the other zones could not carry the load.`
      return [finding('breach', 'headroom-missing', name, sentence, lines)]
    })
}
