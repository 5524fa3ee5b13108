/**
 * Containers that ended and were started again although nothing was aimed at them: a leak that the kernel ended (OOMKilled), an error that nobody
 * caught, a liveness probe that failed. A breach where requests were lost around it, else a warning: the next time may be at the peak.
 */
import { movedDatabase } from '../../domain/action.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, listed } from '../findings/words.ts'
import { type Harm, harmsOf } from '../harm/harm.ts'
import type { PodLife, Restart } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { byApp, platformPods } from './platform-pods.ts'
import { type BadFrame, badFrames } from './pod-errors.ts'

type Ended = { readonly life: PodLife; readonly restart: Restart; readonly fromAt: number; readonly toAt: number }

/** The kubelet waits up to 40 s before the third start, so that what a harm did may show that late. */
const AFTERWARDS_MS = 60_000
/** From the end of a container to its record, when the pod was not seen to be not Ready in between. */
const ENDING_MS = 3000
/** A started container needs some seconds until it serves. */
const STARTING_MS = 3000
/** Fewer bad attempts are no proof: see `pod-errors.ts`. */
const LOST_LEAST = 3

export function containerRestarted(seen: Seen): readonly Finding[] {
  const harms = harmsOf(seen)
  const all = platformPods(seen).flatMap((life) =>
    life.restarts
      .filter((restart) => isOfTheRun(seen, restart) && !isExpected(seen, harms, life, restart))
      .map((restart): Ended => ({ life, restart, ...around(life, restart) })),
  )
  const frames = all.length === 0 ? [] : badFrames(seen)
  return byApp([...new Set(all.map(({ life }) => life))]).map(([app]) =>
    told(
      seen,
      app,
      all.filter(({ life }) => life.app === app),
      frames,
    ),
  )
}

const isOfTheRun = ({ run }: Seen, { at }: Restart): boolean =>
  at >= (run.zeroAt ?? Number.POSITIVE_INFINITY) && at <= run.seenUntil

/** Somebody asked for it: the pod is being removed, a fault or action took it, or its node had no power. */
function isExpected(seen: Seen, harms: readonly Harm[], life: PodLife, { at }: Restart): boolean {
  if (life.deletingAt !== undefined && life.deletingAt <= at) return true
  const node = seen.objects.nodes.all.find((each) => each.name === life.node)
  const nodeWasDown = node?.ready.some((each) => !each.is && each.at <= at && each.at >= at - AFTERWARDS_MS)
  return nodeWasDown === true || harms.some((harm) => isHarmed(harm, life) && isWithin(harm, at))
}

/** A promotion restarts the servers of its database. */
const isHarmed = ({ pods, by }: Harm, { name, app, owner }: PodLife): boolean =>
  pods.has(name) || (by.kind === 'action' && isOf(movedDatabase(by.spec.act)?.database, app, owner?.name))

const isOf = (database: string | undefined, ...names: readonly (string | undefined)[]): boolean =>
  database !== undefined && names.includes(database)

const isWithin = ({ createdAt, healedAt, endAt }: Harm, at: number): boolean =>
  at >= createdAt && at <= (healedAt ?? endAt) + AFTERWARDS_MS

/** From when the pod stopped to serve until it can serve again. */
function around({ serving }: PodLife, { at }: Restart): { readonly fromAt: number; readonly toAt: number } {
  const fell = serving.findLast((each) => each.at <= at && each.at >= at - AFTERWARDS_MS)
  const back = serving.find((each) => each.is && each.at > at)
  return {
    fromAt: Math.min(at - ENDING_MS, fell?.is === false ? fell.at - ENDING_MS : at),
    toAt: Math.max(at + STARTING_MS, Math.min(back?.at ?? at, at + AFTERWARDS_MS)),
  }
}

function told(seen: Seen, app: string, all: readonly Ended[], frames: readonly BadFrame[]): Finding {
  const lost = frames.filter((frame) => all.some((each) => frame.at > each.fromAt && frame.fromAt < each.toAt))
  const bad = lost.reduce((sum, each) => sum + each.bad, 0)
  const isBreach = bad >= LOST_LEAST && !isEverywhere(seen, all, frames, bad)
  const times = all.reduce((sum, { restart }) => sum + restart.times, 0)
  const what = times === 1 ? 'A container' : 'Containers'
  const how = `${what} of ${app} ended ${times === 1 ? 'once' : `${times} times`} and ${times === 1 ? 'was' : 'were'} started again`
  const effect = isBreach ? `${count(bad, 'attempt')} went wrong around it` : 'no request was seen to be lost by it'
  const sentence = `${how}, with nothing aimed at ${all.length === 1 ? 'its pod' : 'the pods'}: ${listed(all.map(endedText))}; ${effect}.`
  const lines = [...all.map(({ restart }) => restart.line), ...(isBreach ? lost.map(({ line }) => line) : [])]
  return finding(isBreach ? 'breach' : 'warning', 'container-restarted', app, sentence, lines)
}

/** Attempts that go wrong as often at other times have another reason. */
function isEverywhere({ run }: Seen, all: readonly Ended[], frames: readonly BadFrame[], bad: number): boolean {
  const aroundMs = all.reduce((sum, { fromAt, toAt }) => sum + toAt - fromAt, 0)
  const elsewhereMs = run.seenUntil - (run.zeroAt ?? run.seenUntil) - aroundMs
  const elsewhere = frames.reduce((sum, each) => sum + each.bad, 0) - bad
  return elsewhereMs > 0 && elsewhere / elsewhereMs > bad / aroundMs / 2
}

/** `app in gateway-1 (OOMKilled, exit code 137)`. */
function endedText({ life, restart: { ended } }: Ended): string {
  if (ended === undefined) return life.name
  const { container, reason, exitCode } = ended
  const how = [reason, `exit code ${exitCode}`, reason === 'OOMKilled' ? '' : signalText(exitCode)]
  return `${container} in ${life.name} (${how.filter((each) => each !== '').join(', ')})`
}

/** A process that a signal ended has the exit code 128 + signal. The kubelet ends what fails its liveness probe: SIGTERM first, then SIGKILL. */
function signalText(exitCode: number): string {
  switch (exitCode) {
    case 137:
      return 'SIGKILL: memory limit, or liveness probe'
    case 143:
      return 'SIGTERM: liveness probe'
    case 139:
      return 'SIGSEGV'
    default:
      return ''
  }
}
