/** One runner: its pod, its log, its metrics and its end. */
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import type { InstanceEnd } from '../../../controller/ports.ts'
import { runnerName } from '../../../domain/runners.ts'
import { type Instant, instant } from '../../../domain/units.ts'
import { createFraming } from '../frames.ts'
import { createPushTimes } from '../load-generator.ts'
import { createK6Log } from '../log.ts'
import { outcomeOf } from '../outcome.ts'
import { CONTAINER } from './manifests.ts'
import { podLogOf } from './pod-log.ts'
import type { LoadPod } from './pods.ts'
import { coresOf, isHealthLine, runnerHealth } from './runner-health.ts'
import type { Ready } from './running.ts'

export type Runner = {
  readonly instance: string
  readonly pod: LoadPod
  /** Time zero by the clock of the node; undefined until the log says it. */
  toldZero(): number | undefined
  /** From now on frames and health become events. */
  begin(zeroAt: Instant): void
  /** Reads what is new in the log. */
  hear(): Promise<void>
  take(push: Uint8Array, at: Instant): void
  /** What the cluster shows of the pod now; undefined if it is gone. */
  look(pod: LoadPod | undefined, stopping: boolean, now: Instant): Promise<void>
  giveUp(outcome: 'stopped' | 'crashed', problem: string): void
  end(): Ended | undefined
  /** Call it when all metrics are read. */
  close(): Promise<InstanceEnd>
}

type Ended = {
  readonly outcome: InstanceEnd['outcome']
  readonly exitCode: number | null
  readonly reasons: readonly string[]
}

/** k6 pushes once a second. The pods of a node that lost its network show as running for minutes. */
const SILENT_MS = 20_000

export function followRunner(ready: Ready, pod: LoadPod, index: number): Runner {
  const { place, output, plan, folder, onEvent } = ready
  const instance = runnerName(index)
  const podLog = podLogOf(place.api, place.load.namespace, pod.name, CONTAINER)
  const [said, nothing] = [new PassThrough(), new PassThrough()]
  let told: number | undefined
  const log = createK6Log(
    said,
    nothing,
    join(folder, `k6-${instance}.log`),
    (at) => {
      told = at
    },
    place.redact,
    (receipts) => onEvent({ kind: 'receipts', receipts }),
  )
  const healthIn = runnerHealth(instance, coresOf(place.load.cpu))
  const frameOf = createFraming(instance, plan, output.unitMs)
  const arriving = createPushTimes()
  const unread: string[] = []
  let begun = false
  let lastAt: Instant | undefined
  let ended: Ended | undefined

  const hear = async (): Promise<void> => {
    const lines = await podLog.read()
    for (const line of lines) if (!isHealthLine(line)) said.write(`${line}\n`)
    for (const health of healthIn(lines.filter(isHealthLine), place.clock.now()))
      if (begun) onEvent({ kind: 'health', health })
    // The stream hands its lines to the log in a later turn of the event loop.
    await new Promise((passed) => setImmediate(passed))
  }
  const finish = async (end: Ended): Promise<void> => {
    ended = end
    await hear().catch(() => undefined)
  }
  const where = `pod ${pod.name} on node ${pod.node}`
  const lose = (problem: string): Promise<void> =>
    finish({ outcome: 'crashed', exitCode: null, reasons: [`${where}: ${problem}`] })

  return {
    instance,
    pod,
    toldZero: () => told,
    begin: (zeroAt) => {
      begun = true
      lastAt = zeroAt
    },
    hear,
    take: (body, at) => {
      const decoded = output.decode(body)
      if (!decoded.ok) {
        unread.push(`a push was not readable: ${decoded.problem}`)
        return
      }
      // The relay measures ages in whole milliseconds. Rounding must not make the times of a runner go back.
      const seenAt = instant(Math.max(at, lastAt ?? at))
      const frame = frameOf(decoded.request, seenAt)
      if (!begun) return
      lastAt = seenAt
      arriving.note(seenAt)
      onEvent({ kind: 'frame', frame })
    },
    look: async (now, stopping, at) => {
      if (ended !== undefined) return
      if (now === undefined || now.name !== pod.name) return lose('it is gone')
      if (now.ended?.code === null) return lose(`it failed: ${now.ended.reason}`)
      if (now.ended !== undefined) {
        const { outcome, reasons } = outcomeOf(now.ended.code, null, stopping)
        const why = now.ended.reason === '' || outcome !== 'crashed' ? [] : [now.ended.reason]
        return finish({
          outcome,
          exitCode: now.ended.code,
          reasons: [...reasons, ...why].map((each) => `${where}: ${each}`),
        })
      }
      if (!stopping && lastAt !== undefined && at - lastAt > SILENT_MS)
        return lose(`no metrics for ${Math.round((at - lastAt) / 1000)} s`)
    },
    giveUp: (outcome, problem) => {
      ended ??= { outcome, exitCode: null, reasons: [`${where}: ${problem}`] }
    },
    end: () => ended,
    close: async () => {
      said.end()
      nothing.end()
      await log.closed
      const { outcome, exitCode, reasons } = ended ?? { outcome: 'crashed' as const, exitCode: null, reasons: [] }
      const problems = [...reasons, ...arriving.problems(), ...unread.slice(0, 5), ...log.problems()]
      return { instance, outcome, exitCode, problems: problems.map((each) => `${instance}: ${each}`) }
    },
  }
}
