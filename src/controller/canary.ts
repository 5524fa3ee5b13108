/** Decides the preview and the steps of a release while the run is under way, with the judge's own fold over the records of the run. */
import { asCanary, type CanaryRelease, cohortsOf, previewOf } from '../domain/action.ts'
import { type Canary, SETTLE, type StepDecision } from '../domain/canary.ts'
import type { ActionStepData, Evidence } from '../domain/evidence.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../domain/rehearsal.ts'
import type { PlannedAction } from '../domain/timeline.ts'
import { after, type Instant, millis, seconds } from '../domain/units.ts'
import { createCanaryWatch, LOOK_EVERY } from '../judge/canary/watch.ts'
import { canariesOf } from '../judge/seen/canary-counters.ts'
import { createVisitors, type Visitors } from './cohorts.ts'
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
  const ends = createEnds()
  return {
    add(record) {
      for (const watch of watches.values()) watch.add(record)
      ends.add(record)
    },
    gateOf({ name, act }, record, signal) {
      const [watch, release] = [watches.get(name), asCanary(act)]
      if (watch === undefined || release === undefined) return noGate(name)
      const { canary } = release
      const preview = previewOf(release)
      const fromAt = clock.now()
      const round = roundOf(release, visits, target)
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
          gate(clock, canary, watch, record, signal, round),
          round && (() => visitOn(clock, round, record, () => ends.isOver(name, clock.now()))),
        ),
      }
    },
  }
}

type CohortsSeen = Awaited<ReturnType<Visitors['round']>>
const VISIT_EVERY = seconds(1)

/** Pods that are scraped by the run itself are read once a second. */
const SCRAPE_MS = 1000

export function noGate(name: string): ReleaseGate {
  const reject = () => Promise.reject(new Error(`${name} has no steps`))
  return { preview: reject, step: reject }
}

/** Nothing where all users get the same release. */
function roundOf(release: CanaryRelease, visits: Visits, target: Target): (() => Promise<CohortsSeen>) | undefined {
  const cohorts = cohortsOf(release)
  return cohorts && createVisitors(visits, target, cohorts).round
}

/** Checks every few seconds, so that a bad release is rolled back at once. A step that is undecided after its hold uses the time for longer holds. */
function gate(
  clock: Clock,
  { holdMs, extraMs }: Canary,
  watch: ReturnType<typeof createCanaryWatch>,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
  round?: () => Promise<CohortsSeen>,
): StepGate {
  let leftMs: number = extraMs
  return async (step, share) => {
    const begunAt = clock.now()
    watch.begin(step, begunAt)
    record({ is: 'step-set', step, share })
    let overAt: Instant = after(begunAt, holdMs)
    for (;;) {
      const lookAt = nextLook(clock.now(), begunAt, overAt)
      const mixed = round && (await visitUntil(clock, lookAt, after(begunAt, SETTLE), round, record, signal))
      if (round === undefined) await clock.until(lookAt, signal)
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

/** Sends the visitors out once a second, from when routers have settled. Says why the release must be taken back as soon as one got the wrong one. */
async function visitUntil(
  clock: Clock,
  lookAt: Instant,
  fromAt: Instant,
  round: () => Promise<CohortsSeen>,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): Promise<StepDecision | undefined> {
  await clock.until(fromAt, signal)
  while (clock.now() < lookAt) {
    const seen = await round()
    record({ is: 'cohorts-visited', ...seen })
    const wrong = seen.canary.stable + seen.stable.canary
    if (wrong > 0)
      return {
        outcome: 'roll-back',
        reason: 'cohorts-mixed',
        note: `${wrong} visits were answered by the release of the other cohort`,
      }
    await clock.until(after(clock.now(), VISIT_EVERY), signal)
  }
  return undefined
}

/** Visitors go on until the release is taken back: its last response is theirs, where no user is of this cohort. */
function visited(gate: StepGate, goOn: (() => Promise<void>) | undefined): StepGate {
  if (goOn === undefined) return gate
  return async (...asked) => {
    const outcome = await gate(...asked)
    void goOn()
    return outcome
  }
}

async function visitOn(
  clock: Clock,
  round: () => Promise<CohortsSeen>,
  record: (data: ActionStepData) => void,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const seen = await round()
    if (!isOver()) record({ is: 'cohorts-visited', ...seen })
    await clock.until(after(clock.now(), VISIT_EVERY))
  }
}

/** When visitors of a release have nothing more to see: some seconds after it is healed, and when the load or the run ends. */
function createEnds() {
  const healed = new Map<string, Instant>()
  let isEnded = false
  return {
    add(record: Evidence): void {
      if (record.kind === 'load-ended' || record.kind === 'stop-requested') isEnded = true
      if (record.kind === 'action-step' && (record.step.is === 'healed' || record.step.is === 'heal-failed'))
        healed.set(record.action, record.at)
    },
    isOver: (action: string, now: Instant): boolean => isEnded || now >= (healed.get(action) ?? Infinity) + SETTLE,
  }
}

/** Nothing is counted while routers settle. */
function nextLook(now: Instant, begunAt: Instant, overAt: Instant): Instant {
  const firstAt: Instant = after(begunAt, millis(SETTLE + LOOK_EVERY))
  const next = now < firstAt ? firstAt : after(now, LOOK_EVERY)
  return next < overAt ? next : overAt
}
