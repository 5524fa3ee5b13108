/** Waits for the pods of a load. */
import { type Clock, EnvironmentError } from '../../../controller/ports.ts'
import type { LoadRunners } from '../../../domain/runners.ts'
import { after, seconds } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import type { KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { spoken } from '../log.ts'
import { CONTAINER, RELAY } from './manifests.ts'
import { podLogOf } from './pod-log.ts'
import { type LoadPod, loadPods } from './pods.ts'
import { isHealthLine } from './runner-health.ts'

/** Where the pods of one run are. */
export type LoadPlace = {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly load: LoadRunners
  readonly run: string
  readonly stopping: AbortSignal
  /** Hides the values of credentials. */
  readonly redact: (text: string) => string
}

/** Images are pulled, and an autoscaler may bring a node first. */
const PATIENCE = seconds(300)
const LOOK_EVERY = seconds(0.25)

/**
 * Resolves with the pods of these parts, in their order, when all of them run and are ready.
 * @throws EnvironmentError that says why one of them is not
 */
export async function awaitPods(
  place: LoadPlace,
  parts: readonly string[],
  isReady: (pod: LoadPod) => Promise<boolean>,
): Promise<readonly LoadPod[]> {
  const { api, clock, load, run, stopping } = place
  const deadline = after(clock.now(), PATIENCE)
  const ready = new Set<string>()
  for (;;) {
    const pods = await loadPods(api, load.namespace, run)
    for (const part of parts) await requireAlive(place, part, pods.get(part))
    const running = parts.flatMap((part) => {
      const pod = pods.get(part)
      return pod?.phase === 'Running' && !ready.has(part) ? [{ part, pod }] : []
    })
    // A runner does not answer while it loads the script.
    const answers = await Promise.all(running.map(({ pod }) => isReady(pod).catch(() => false)))
    for (const [index, { part }] of running.entries()) if (answers[index]) ready.add(part)
    const found = parts.flatMap((part) => (ready.has(part) ? (pods.get(part) ?? []) : []))
    if (found.length === parts.length) return found
    if (clock.now() >= deadline)
      throw tooLate(
        place,
        parts.filter((part) => !ready.has(part)),
        pods,
      )
    await clock.until(after(clock.now(), LOOK_EVERY), stopping)
  }
}

/** Reasons of a kubelet that do not go away by waiting. A failed pull is not among them: the kubelet tries it again. */
const NEVER = /^(InvalidImageName|ErrImageNeverPull|ImageInspectError|CreateContainerConfigError)\b/

async function requireAlive(place: LoadPlace, part: string, pod: LoadPod | undefined): Promise<void> {
  if (pod?.waiting !== undefined && NEVER.test(pod.waiting))
    throw new EnvironmentError(`${part} (pod ${pod.name}) cannot start: ${pod.waiting}.`, whereToLook(place))
  if (pod?.ended === undefined) return
  const { code, reason } = pod.ended
  const told = await lastWords(place, part, pod)
  throw new EnvironmentError(
    [
      `${part} (pod ${pod.name}) ended before the load began, ${code === null ? reason : `with code ${code}`}.`,
      ...told,
    ].join('\n'),
    `compare with: kubectl --context ${place.api.context} -n ${place.load.namespace} describe pod ${pod.name}`,
  )
}

const WORDS_MAX = 5

async function lastWords(
  { api, load, redact }: LoadPlace,
  part: string,
  { name }: LoadPod,
): Promise<readonly string[]> {
  const log = podLogOf(api, load.namespace, name, part === RELAY ? RELAY : CONTAINER)
  const lines = await log.read().catch((error: unknown) => [messageOf(error)])
  return lines
    .filter((line) => !isHealthLine(line))
    .slice(-WORDS_MAX)
    .map((line) => redact(spoken(line).text).slice(0, 300))
}

function tooLate(place: LoadPlace, parts: readonly string[], pods: ReadonlyMap<string, LoadPod>): EnvironmentError {
  const each = parts.map((part) => {
    const pod = pods.get(part)
    return `${part}: ${pod === undefined ? 'its Job has made no pod' : `${pod.name} is ${pod.phase}${pod.waiting === undefined ? ' and does not answer' : `, ${pod.waiting}`}`}`
  })
  return new EnvironmentError(
    `Not all pods of the load were ready within ${PATIENCE / 1000} s. ${each.join('; ')}.`,
    whereToLook(place),
  )
}

const whereToLook = ({ api, load }: LoadPlace): string =>
  `compare with: kubectl --context ${api.context} -n ${load.namespace} get events; image, cpu, memory and nodeSelector stand under load in the target file.`
