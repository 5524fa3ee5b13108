/** `no-redundancy`: a disruption that was meant for something else removed the only pod of a service, so that no pod answered. A breach if users felt it. */
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, duration, listed } from '../findings/words.ts'
import { type Harm, harmsOf, isMeantFor } from '../harm/harm.ts'
import { rowsWithin, totalOf } from '../load/rows.ts'
import { type PodLife, servingOver } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { type Steps, stepAt, stepsWithin } from '../seen/steps.ts'
import { platformPods } from './platform-pods.ts'

/** A harm is felt a little longer than it lasts: endpoints follow probes. */
const FELT_MS = 5000
/** Pods and their endpoints are seen by two watches, not at the same moment. */
const WATCHES_MS = 2000

export function noRedundancy(seen: Seen): readonly Finding[] {
  const { target } = seen.run.head
  const harms = harmsOf(seen)
  const found = new Map<string, Finding>()
  for (const [key, steps] of seen.objects.services.all) {
    const [namespace = '', service = ''] = key.split('/')
    const app = appOf(seen, service)
    if (namespace !== target.namespace || app === undefined || found.has(app)) continue
    const told = fallOf(seen, app, service, steps, harms)
    if (told) found.set(app, told)
  }
  return [...found.values()]
}

/** The app whose name a service bears: `orders-pods` is one of `orders`, if no app is called so itself. */
function appOf(seen: Seen, service: string): string | undefined {
  const apps = new Set(platformPods(seen).map((life) => life.app))
  return [...apps]
    .filter((app) => service === app || service.startsWith(`${app}-`))
    .sort((a, b) => b.length - a.length)[0]
}

/** Names of the workloads that own these pods; the app's name where the journal holds no owners. */
const workloadsOf = (lives: readonly PodLife[], app: string): readonly string[] => [
  ...new Set(lives.map((life) => life.owner?.name ?? app)),
]

function fallOf(seen: Seen, app: string, service: string, steps: Steps, harms: readonly Harm[]): Finding | undefined {
  const lives = platformPods(seen).filter((life) => life.app === app)
  const serving = servingOver(lives)
  for (const fall of steps) {
    const before = stepAt(steps, fall.at - 1)?.value ?? 0
    if (fall.value > 0 || before === 0) continue
    const harm = harms.find((each) => each.createdAt <= fall.at && fall.at <= (each.healedAt ?? each.endAt) + FELT_MS)
    const since = Math.min(fall.at, harm?.createdAt ?? fall.at) - WATCHES_MS
    const most = Math.max(...stepsWithin(serving, since, fall.at).map((each) => each.value))
    const isMeant = workloadsOf(lives, app).some((name) => stepAt(seen.objects.wanted(name), fall.at)?.value === 0)
    if (!harm || most > 1 || isMeant || isMeantFor(harm, app, lives)) continue
    const back = steps.find((each) => each.at > fall.at && each.value > 0)
    const untilAt = back?.at ?? seen.run.seenUntil
    const felt = feltBy(seen, fall.at, untilAt)
    const sentence = `${service} had one ready pod, ${harm.name} took it, and for ${duration(Math.max(0, untilAt - fall.at))} no pod could answer${felt === undefined ? '' : `: ${felt}`}.`
    // What others can do without for a while is worth a word, and no more.
    const weight = felt === undefined ? 'warning' : 'breach'
    return finding(weight, 'no-redundancy', app, sentence, [fall.line, back?.line, ...harm.lines.slice(0, 8)])
  }
  return undefined
}

/** A fifth of all attempts: more than those that a disruption costs while routers find out, which last a few seconds of it. */
const FELT = 0.2
const FELT_LEAST = 3

/** The indicators that were mostly hurt while nobody answered, in words; undefined when none was. */
function feltBy(seen: Seen, fromAt: number, toAt: number): string | undefined {
  const hurt = [...seen.load.badBy.keys()].sort(compare).flatMap((sli) => {
    const { good, bad } = totalOf(rowsWithin(seen.load.rows(sli), fromAt, toAt))
    return bad < FELT_LEAST || bad < FELT * (good + bad) ? [] : [`${bad} of ${count(good + bad, 'attempt')} of ${sli}`]
  })
  return hurt.length === 0 ? undefined : `${listed(hurt)} went wrong`
}
