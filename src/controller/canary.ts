/** Decides the preview and the steps of a release while the run is under way, with the judge's own fold over the records of the run. */
import { asCanary, type CanaryRelease, cohortsOf, previewOf, shadowOf } from '../domain/action.ts'
import { type Canary, SETTLE } from '../domain/canary.ts'
import type { ActionStepData, Evidence } from '../domain/evidence.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../domain/rehearsal.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { after, type Instant, millis } from '../domain/units.ts'
import { createCanaryWatch, LOOK_EVERY } from '../judge/canary/watch.ts'
import { canariesOf } from '../judge/seen/canary-counters.ts'
import { compareAnswers } from './answers.ts'
import { createVisitEnds, createVisitors, type Visitors, visitOn, visitUntil } from './cohorts.ts'
import { nextLook } from './next-look.ts'
import type { Books, Clock, ReleaseGate, StepGate, Visits } from './ports.ts'
import { performPreview } from './preview.ts'
import { performWindows } from './shadow.ts'

export type Canaries = {
  add(record: Evidence): void
  /** The gate of this action. Only a release with a route asks it. */
  gateOf(action: PlannedAction, step: (data: ActionStepData) => void, signal: AbortSignal): ReleaseGate
}

export function createCanaries(
  { clock, visits, books }: { readonly clock: Clock; readonly visits: Visits; readonly books: Books },
  rehearsal: Rehearsal,
  target: Target,
  run: string,
): Canaries {
  const watches = new Map(
    canariesOf(rehearsal).map((named) => [named.action, createCanaryWatch(rehearsal, target, named)] as const),
  )
  const ends = createVisitEnds()
  return {
    add(record) {
      for (const watch of watches.values()) watch.add(record)
      ends.add(record)
    },
    gateOf({ name, act }, record, signal) {
      const [watch, release] = [watches.get(name), asCanary(act)]
      if (watch === undefined || release === undefined) return noGate(name)
      const { canary } = release
      const shadow = shadowOf(release)
      if (shadow !== undefined) {
        const counting = { books, target, run }
        return {
          preview: () => compareAnswers({ clock, visits, target }, shadow.answers, record, signal),
          step: performWindows(clock, canary, watch, counting, record, signal),
        }
      }
      const preview = previewOf(release)
      const fromAt = clock.now()
      const visitors = visitorsOf(release, visits, target)
      const counts = {
        counted: () => watch.counted(fromAt, clock.now()),
        scrapeMs: scrapeMsOf(target, canary.gate.canary) ?? SCRAPE_MS,
      }
      return {
        preview: async () =>
          preview === undefined
            ? 'promote'
            : performPreview({ clock, visits, target }, preview, counts, record, signal),
        step: visited(
          gate(clock, canary, watch, record, signal, visitors),
          visitors && (() => visitOn(clock, visitors, record, () => ends.isOver(name, clock.now()))),
        ),
      }
    },
  }
}

/** The run itself scrapes pods once a second. */
const SCRAPE_MS = 1000

export function noGate(name: string): ReleaseGate {
  const reject = () => Promise.reject(new Error(`${name} has no steps`))
  return { preview: reject, step: reject }
}

/** Undefined for a release without cohorts. */
function visitorsOf(release: CanaryRelease, visits: Visits, target: Target): Visitors | undefined {
  const cohorts = cohortsOf(release)
  return cohorts && createVisitors(visits, target, cohorts)
}

/** Checks every few seconds, so that a bad release is rolled back at once. A step that is undecided after its hold uses the time for longer holds. */
function gate(
  clock: Clock,
  { holdMs, extraMs }: Canary,
  watch: ReturnType<typeof createCanaryWatch>,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
  visitors?: Visitors,
): StepGate {
  let leftMs: number = extraMs
  return async (step, share) => {
    const begunAt = clock.now()
    watch.begin(step, begunAt)
    record({ is: 'step-set', step, share })
    let overAt: Instant = after(begunAt, holdMs)
    for (;;) {
      const lookAt = nextLook(clock.now(), begunAt, overAt)
      const mixed = visitors && (await visitUntil(clock, lookAt, after(begunAt, SETTLE), visitors, record, signal))
      if (visitors === undefined) await clock.until(lookAt, signal)
      const now = clock.now()
      const decided = mixed ?? watch.decide(step, now, { isOver: now >= overAt, mayHold: leftMs > 0 })
      if (decided.outcome === 'hold' && now < overAt) continue
      record({ is: 'step-decided', step, ...decided })
      if (decided.outcome !== 'hold') return decided.outcome
      const moreMs = Math.min(leftMs, LOOK_EVERY)
      leftMs -= moreMs
      overAt = after(now, millis(moreMs))
    }
  }
}

/** Visitors continue after the gate, because a cohort may have no users: then only they show when the new release stops answering. */
function visited(gate: StepGate, goOn: (() => Promise<void>) | undefined): StepGate {
  if (goOn === undefined) return gate
  return async (...asked) => {
    const outcome = await gate(...asked)
    void goOn()
    return outcome
  }
}
