/** Decides the preview and the steps of a release while the run is under way, with the judge's own fold over the records of the run. */
import { asCanary, previewOf } from '../domain/action.ts'
import { type Canary, SETTLE } from '../domain/canary.ts'
import type { ActionStepData, Evidence } from '../domain/evidence.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../domain/rehearsal.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { after, type Instant, millis } from '../domain/units.ts'
import { createCanaryWatch, LOOK_EVERY } from '../judge/canary/watch.ts'
import { canariesOf } from '../judge/seen/canary-counters.ts'
import type { Clock, ReleaseGate, StepGate, Visits } from './ports.ts'
import { performPreview } from './preview.ts'

export type Canaries = {
  add(record: Evidence): void
  /** The gate of this action. Only a release with a route asks it. */
  gateOf(action: PlannedAction, step: (data: ActionStepData) => void, signal: AbortSignal): ReleaseGate
}

export function createCanaries(
  { clock, visits }: { readonly clock: Clock; readonly visits: Visits },
  rehearsal: Rehearsal,
  target: Target,
): Canaries {
  const watches = new Map(
    canariesOf(rehearsal).map((named) => [named.action, createCanaryWatch(rehearsal, target, named)] as const),
  )
  return {
    add(record) {
      for (const watch of watches.values()) watch.add(record)
    },
    gateOf({ name, act }, record, signal) {
      const [watch, release] = [watches.get(name), asCanary(act)]
      if (watch === undefined || release === undefined) return noGate(name)
      const { canary } = release
      const preview = previewOf(release)
      const fromAt = clock.now()
      const counts = {
        counted: () => watch.counted(fromAt, clock.now()),
        scrapeMs: scrapeMsOf(target, canary.gate.canary) ?? SCRAPE_MS,
      }
      return {
        preview: async () =>
          preview === undefined
            ? 'promote'
            : performPreview({ clock, visits, target }, preview, counts, record, signal),
        step: gate(clock, canary, watch, record, signal),
      }
    },
  }
}

/** Pods that are scraped by the run itself are read once a second. */
const SCRAPE_MS = 1000

export function noGate(name: string): ReleaseGate {
  const reject = () => Promise.reject(new Error(`${name} has no steps`))
  return { preview: reject, step: reject }
}

/** Checks every few seconds, so that a bad release is rolled back at once. A step that is undecided after its hold uses the time for longer holds. */
function gate(
  clock: Clock,
  { holdMs, extraMs }: Canary,
  watch: ReturnType<typeof createCanaryWatch>,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): StepGate {
  let leftMs: number = extraMs
  return async (step, share) => {
    const begunAt = clock.now()
    watch.begin(step, begunAt)
    record({ is: 'step-set', step, share })
    let overAt: Instant = after(begunAt, holdMs)
    for (;;) {
      await clock.until(nextLook(clock.now(), begunAt, overAt), signal)
      const now = clock.now()
      const decided = watch.decide(step, now, { isOver: now >= overAt, mayHold: leftMs > 0 })
      if (decided.outcome === 'hold' && now < overAt) continue
      record({ is: 'step-decided', step, ...decided })
      if (decided.outcome !== 'hold') return decided.outcome
      const moreMs = Math.min(leftMs, LOOK_EVERY)
      leftMs -= moreMs
      overAt = after(now, millis(moreMs))
    }
  }
}

/** Nothing is counted while routers settle. */
function nextLook(now: Instant, begunAt: Instant, overAt: Instant): Instant {
  const firstAt: Instant = after(begunAt, millis(SETTLE + LOOK_EVERY))
  const next = now < firstAt ? firstAt : after(now, LOOK_EVERY)
  return next < overAt ? next : overAt
}
