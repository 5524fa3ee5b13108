/** A fold over the evidence of a run under way that decides the steps of its canaries. The controller asks it; the judge reads what it decided. */
import { cohortsOf, shadowOf } from '../../domain/action.ts'
import { SETTLE, type StepDecision, stepsMs } from '../../domain/canary.ts'
import type { Evidence } from '../../domain/evidence.ts'
import { unionsIn } from '../../domain/indicators.ts'
import { type Rehearsal, scrapeMsOf, type Target } from '../../domain/rehearsal.ts'
import { type Millis, seconds } from '../../domain/units.ts'
import { canaryCounters, countsBetween, type NamedCanary, whySharesUncounted } from '../seen/canary-counters.ts'
import { createCounters } from '../seen/counters.ts'
import { createWindows } from '../seen/windows.ts'
import { decideStep, decideWindow, type SliInStep } from './decide.ts'

export type CanaryWatch = {
  add(record: Evidence): void
  /** The weights of this step were written now. */
  begin(step: number, at: number): void
  /** Requests that the new release counted between two moments. */
  counted(fromAt: number, toAt: number): number
  decide(step: number, now: number, may: { readonly isOver: boolean; readonly mayHold: boolean }): StepDecision
}

/** How often a step is looked at. Each look uses up a part of the false positive rate that all looks share. */
export const LOOK_EVERY: Millis = seconds(5)

export function createCanaryWatch(rehearsal: Rehearsal, target: Target, named: NamedCanary): CanaryWatch {
  const { canary } = named.release
  const counters = createCounters((source) => scrapeMsOf(target, source))
  for (const wanted of canaryCounters(rehearsal)) counters.want(wanted)
  const unions = unionsIn(rehearsal.slis)
  const windows = createWindows(() => unions)
  const begun = new Map<number, number>()
  const ended = new Map<number, number>()
  const stretchOf = (step: number) => ({
    fromAt: (begun.get(step) ?? 0) + SETTLE,
    toAt: ended.get(step) ?? 0,
  })
  return {
    add(record) {
      if (record.kind === 'sample') counters.add(record, 0)
      if (record.kind === 'load-frame') windows.add(record)
    },
    begin(step, at) {
      begun.set(step, at)
      windows.open({ kind: 'step', name: String(step), fromAt: at, toAt: Number.POSITIVE_INFINITY })
    },
    counted: (fromAt, toAt) => countsBetween(counters, named)('canary', fromAt, toAt).requests,
    decide(step, now, may) {
      ended.set(step, now)
      const earlier = [...begun.keys()].filter((each) => each < step).map(stretchOf)
      const [cohorts, shadow] = [cohortsOf(named.release), shadowOf(named.release)]
      const decide = shadow === undefined ? decideStep : decideWindow
      const asked = cohorts === undefined && shadow === undefined ? (canary.steps[step - 1] ?? 0) : undefined
      const sums = windows.sums('step', String(step))
      const options = { everyMs: scrapeMsOf(target, canary.gate.canary) }
      return decide({
        canary,
        asked,
        uncounted:
          asked === undefined ? undefined : whySharesUncounted(counters, named, stretchOf(step), asked, options),
        step: stretchOf(step),
        earlier,
        counts: countsBetween(counters, named),
        slis: canary.gate.slis.flatMap((sli) => sliIn(rehearsal, sli, sums.get(sli))),
        unmeasured: canary.gate.slis.find((sli) => !sums.has(sli)),
        looks: Math.ceil(stepsMs(canary) / LOOK_EVERY),
        decisions: canary.steps.length + Math.ceil(canary.extraMs / LOOK_EVERY),
        ...may,
      })
    },
  }
}

function sliIn(
  { slos }: Rehearsal,
  sli: string,
  sums: { readonly good: number; readonly bad: number; readonly dropped: number } | undefined,
): readonly SliInStep[] {
  const slo = slos.find((each) => each.sli === sli && each.kind === 'availability')
  if (slo?.kind !== 'availability' || sums === undefined) return []
  return [{ sli, good: sums.good, bad: sums.bad, objective: slo.objective }]
}
