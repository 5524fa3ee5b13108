/**
 * A fault's life: admitted → healing written → injected → (witnessed, by the probes) → healed. Each step that is seen is a
 * record; one that does not happen is missing, and the judge sees that. Pods born during the fault are covered again.
 */
import type { FaultStepData } from '../domain/evidence.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { PlannedFault } from '../domain/timeline.ts'
import { after, type Instant, seconds } from '../domain/units.ts'
import { admitFault } from '../plan/blast-radius.ts'
import { coverNewcomers } from '../plan/coverage.ts'
import type { Healing } from './healing.ts'
import type { Clock, FaultInjector } from './ports.ts'
import { problemOf } from './problem.ts'
import type { Recorder } from './recorder.ts'

/** Chaos Mesh injects in half a second when nothing is wrong; what takes longer than this is not the rehearsal that was planned. */
const INJECTION_BUDGET = seconds(10)
/** A pod takes longer than this from its address to Ready, so that a newcomer is covered before it serves. */
const COVER_EVERY = seconds(1)

export type FaultPorts = {
  readonly clock: Clock
  readonly faults: FaultInjector
  readonly recorder: Recorder
  readonly healing: Healing
  readonly closely: Set<string>
}

/** Performs one fault from its planned start to healed. Never throws but for `signal`'s sake it heals early. */
export async function performFault(
  ports: FaultPorts,
  fault: PlannedFault,
  rehearsal: Rehearsal,
  target: Target,
  zeroAt: Instant,
  held: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const step = (data: FaultStepData) => ports.recorder.record({ kind: 'fault-step', fault: fault.name, step: data })
  const witness = rehearsal.faults.find((each) => each.name === fault.name)?.witness
  try {
    await ports.clock.until(after(zeroAt, seconds(Math.max(0, fault.fromMs / 1000 - 6))), signal)
    if (witness?.kind === 'rate') ports.closely.add(witness.of)
    await ports.clock.until(after(zeroAt, fault.fromMs), signal)
    const pods = await admit(ports, fault, rehearsal, target, held, step)
    if (pods) await hurtAndHeal(ports, fault, target, pods, held, after(zeroAt, fault.toMs), step, signal)
  } catch (error) {
    if (!signal.aborted) step({ is: 'failed', problem: problemOf(error) })
  }
}

/** Counts live pods against the blast radius at the last moment; undefined when the fault is refused. */
async function admit(
  ports: FaultPorts,
  fault: PlannedFault,
  rehearsal: Rehearsal,
  target: Target,
  held: ReadonlySet<string>,
  step: (data: FaultStepData) => void,
): Promise<readonly string[] | undefined> {
  const inventory = await ports.faults.inventory(target, fault)
  const admission = admitFault(fault, rehearsal, inventory, [...held])
  if (!admission.ok) {
    step({ is: 'refused', problem: admission.problems.map((each) => each.problem).join(' ') })
    return undefined
  }
  step({
    is: 'admitted',
    pods: admission.pods,
    candidates: admission.candidates,
    limit: admission.limit,
    note: admission.note,
  })
  return admission.pods
}

async function hurtAndHeal(
  ports: FaultPorts,
  fault: PlannedFault,
  target: Target,
  pods: readonly string[],
  held: Set<string>,
  healAt: Instant,
  step: (data: FaultStepData) => void,
  signal: AbortSignal,
): Promise<void> {
  const undos: string[] = []
  for (const pod of pods) held.add(pod)
  try {
    await inject(ports, fault, undos, step, signal)
    await keepCovered(ports, fault, target, undos, pods, healAt, step, signal)
  } finally {
    step({ is: 'heal-requested' })
    try {
      for (const id of undos.reverse()) await ports.healing.heal(id)
      step({ is: 'healed' })
      for (const pod of pods) held.delete(pod)
    } catch (error) {
      step({ is: 'heal-failed', problem: problemOf(error) })
    }
  }
}

async function inject(
  ports: FaultPorts,
  fault: PlannedFault,
  undos: string[],
  step: (data: FaultStepData) => void,
  signal: AbortSignal,
): Promise<void> {
  undos.push(await ports.healing.prepare(ports.faults.undoOf(fault)))
  const seen = (object: Parameters<Parameters<FaultInjector['inject']>[3]>[0]) =>
    ports.recorder.record({ kind: 'object-seen', change: 'modified', object })
  await ports.faults.inject(fault, INJECTION_BUDGET, step, seen, signal)
}

/** Until it is time to heal: cover pods that match now and were not there before, and say what share is covered. */
async function keepCovered(
  ports: FaultPorts,
  fault: PlannedFault,
  target: Target,
  undos: string[],
  pods: readonly string[],
  healAt: Instant,
  step: (data: FaultStepData) => void,
  signal: AbortSignal,
): Promise<void> {
  const covered = new Set(pods)
  let last = ''
  while (ports.clock.now() < healAt) {
    const next = after(ports.clock.now(), COVER_EVERY)
    await ports.clock.until(next < healAt ? next : healAt, signal)
    if (ports.clock.now() >= healAt) return
    const inventory = await ports.faults.inventory(target, fault)
    const now = coverNewcomers(fault, inventory, covered, undos.length + 1)
    if (now.fault) {
      await inject(ports, now.fault, undos, () => undefined, signal)
      for (const pod of now.newcomers) covered.add(pod)
    }
    const escaped = now.matching.filter((pod) => !covered.has(pod))
    const coverage = { covered: now.matching.length - escaped.length, matching: now.matching.length }
    const text = JSON.stringify([coverage, escaped])
    if (text !== last) step({ is: 'coverage', ...coverage, escaped })
    last = text
  }
}
