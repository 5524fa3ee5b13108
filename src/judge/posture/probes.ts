/** Probes and grace periods: whether they exist, and whether their numbers can work. */
import type { ContainerSeen, ProbeSeen, ServiceSeen, WorkloadSeen } from '../../domain/posture.ts'
import { duration, listed } from '../findings/words.ts'
import { type Flaw, flaw } from './flaw.ts'
import { serves } from './serving.ts'

/** Kubernetes' default readiness notices a dead pod after 10 s × 3 = 30 s. Twice that is longer than any client waits. */
const NOTICE_MS_MAX = 60_000
/** A restart takes longer than most hiccups of a dependency or a long garbage collection: below 10 s liveness does more harm than good. */
const LIVENESS_MS_MIN = 10_000
/** Routers learn of a pod's end through the API server, an EndpointSlice and their own sync: seconds, not one. */
const GRACE_MS_MIN = 5_000

type Rule = (workload: WorkloadSeen, container: ContainerSeen) => readonly Flaw[]

export function probesAmiss(workloads: readonly WorkloadSeen[], services: readonly ServiceSeen[]): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const serving = workload.containers.filter((each) => !each.init)
    const called = serves(workload, services)
    return [
      ...(called ? readinessMissing(workload, serving) : []),
      ...startupMissing(workload, serving),
      ...graceTooShort(workload, serving, called),
      ...[livenessUnsafe, probesAlike, ...(called ? [readinessSlow] : [])].flatMap((rule) =>
        serving.flatMap((container) => rule(workload, container)),
      ),
    ]
  })
}

function readinessMissing(workload: WorkloadSeen, serving: readonly ContainerSeen[]): readonly Flaw[] {
  if (serving.some((each) => each.readiness)) return []
  const sentence = `${workload.name} gets requests as soon as it has started: no container has a readiness probe.`
  return [flaw('probe-missing', workload, sentence)]
}

function startupMissing(workload: WorkloadSeen, serving: readonly ContainerSeen[]): readonly Flaw[] {
  const names = serving.filter((each) => each.liveness && !each.startup).map((each) => each.name)
  if (names.length === 0) return []
  const sentence = `${workload.name}: liveness may restart ${listed(names)} while it starts, because there is no startup probe.`
  return [flaw('probe-missing', workload, sentence, 'warning')]
}

function graceTooShort(workload: WorkloadSeen, serving: readonly ContainerSeen[], called: boolean): readonly Flaw[] {
  const { name, graceMs } = workload
  const hook = Math.max(...serving.map((each) => each.preStopMs ?? 0))
  if (hook > 0 && graceMs <= hook) {
    const sentence = `${name} is killed after ${duration(graceMs)}, and its preStop hook takes ${duration(hook)}.`
    return [flaw('grace-too-short', workload, sentence)]
  }
  if (!called || graceMs >= GRACE_MS_MIN) return []
  const sentence = `${name} is killed ${duration(graceMs)} after it is asked to stop. Routers need some seconds to stop calling it (at least ${duration(GRACE_MS_MIN)}).`
  return [flaw('grace-too-short', workload, sentence)]
}

/** From the first failed probe to the last one that counts. The first one fails up to a period after the pod died. */
const noticeMs = ({ periodMs, failures }: ProbeSeen): number => periodMs * failures
const arithmetic = ({ periodMs, failures }: ProbeSeen): string =>
  `every ${duration(periodMs)} × ${failures} = ${duration(periodMs * failures)}`

const livenessUnsafe: Rule = (workload, { name, livenessProbe: probe }) => {
  if (probe === undefined || noticeMs(probe) >= LIVENESS_MS_MIN) return []
  const sentence = `${workload.name}: liveness restarts ${name} after ${duration(noticeMs(probe))} without an answer (${arithmetic(probe)}). Any short stall of it or of what ${probe.asks} depends on restarts every pod at once.`
  return [flaw('liveness-unsafe', workload, sentence)]
}

const probesAlike: Rule = (workload, { name, readinessProbe: readiness, livenessProbe: liveness }) => {
  if (readiness === undefined || liveness === undefined || readiness.asks !== liveness.asks) return []
  const sentence = `${workload.name}: readiness and liveness of ${name} ask the same (${liveness.asks}; readiness ${arithmetic(readiness)}, liveness ${arithmetic(liveness)}). Either a lost dependency restarts the pod, or a pod without its dependency stays Ready.`
  return [flaw('probes-alike', workload, sentence, 'warning')]
}

const readinessSlow: Rule = (workload, { name, readinessProbe: probe }) => {
  if (probe === undefined || noticeMs(probe) < NOTICE_MS_MAX) return []
  const sentence = `${workload.name}: readiness of ${name} takes ${duration(noticeMs(probe))} to notice a dead pod (${arithmetic(probe)}). Until then it gets its share of the requests.`
  return [flaw('readiness-slow', workload, sentence)]
}
