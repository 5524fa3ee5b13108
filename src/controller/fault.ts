/**
 * The life of a fault: admitted → undo written → injected → (witnessed, by the probes) → healed. Pods that start during the fault are covered too.
 */
import type { FaultStepData } from '../domain/evidence.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { PlannedFault } from '../domain/timeline.ts'
import { after, type Instant, millis, seconds } from '../domain/units.ts'
import { type Admission, admitFault } from '../plan/blast-radius.ts'
import { coverNewcomers } from '../plan/coverage.ts'
import type { Gates } from './gates.ts'
import { type HarmPorts, type PerformedHarm, performHarm } from './harm.ts'
import type { FaultInjector, Probes } from './ports.ts'
import { blindTo } from './sight.ts'
import type { Triggers } from './triggers.ts'

/** Chaos Mesh injects in half a second when nothing is wrong. A fault that takes longer than its budget is not the planned one. */
const INJECTION_BUDGET_DEFAULT = seconds(10)
/** A pod takes longer than this from its address to Ready, so a new pod is covered before it serves. */
const COVER_EVERY = seconds(1)

/** The judge compares with five seconds of traffic before the fault (judge/harm/witness.ts). One more second leaves time for a slow scrape. */
const LOOK_BEFORE = seconds(6)

export type FaultPorts = HarmPorts & {
  readonly faults: FaultInjector
  readonly probes: Probes
  readonly closely: Set<string>
  readonly gates: Gates
  readonly triggers: Triggers
}

/** Performs one fault from its planned start, or from its trigger, until it is healed. Never throws. Heals early when `signal` is aborted. */
export async function performFault(
  ports: FaultPorts,
  fault: PlannedFault,
  { rehearsal, target }: { readonly rehearsal: Rehearsal; readonly target: Target },
  zeroAt: Instant,
  held: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const step = (data: FaultStepData) => ports.recorder.record({ kind: 'fault-step', fault: fault.name, step: data })
  let healAt = after(zeroAt, fault.toMs)
  const harm: PerformedHarm = {
    begin: async () => {
      const beginsAt = await ports.triggers.fire(fault, zeroAt, step, signal)
      if (fault.trigger?.forMs !== undefined && beginsAt !== undefined) healAt = after(beginsAt, fault.trigger.forMs)
      return beginsAt !== undefined
    },
    step,
    admit: async (others: ReadonlySet<string>) => {
      const inventory = await ports.faults.inventory(target, fault)
      const admission = admitFault(fault, rehearsal, inventory, [...others])
      return admission.ok ? observable(ports, fault, rehearsal, target, admission) : admission
    },
    hurt: async ({ pods, candidates, limit, note }, undos) => {
      step({ is: 'admitted', pods, candidates, limit, note })
      await inject(ports, fault, target, undos, step, signal)
      await keepCovered(ports, fault, target, undos, pods, healAt, step, signal)
      return 'heal'
    },
  }
  const [passes] = await Promise.all([
    // A run that stops leaves its gates unanswered.
    ports.gates.pass(fault, zeroAt, step, signal).catch(() => false),
    lookCloselyFrom(ports, fault, rehearsal, zeroAt, signal),
  ])
  if (passes) await performHarm(ports, harm, held, signal)
}

/** Refuses a fault whose witness cannot be read now, because its effect could not be observed. */
async function observable(
  ports: FaultPorts,
  fault: PlannedFault,
  rehearsal: Rehearsal,
  target: Target,
  admission: Admission,
): Promise<Admission> {
  const witness = rehearsal.faults.find((each) => each.name === fault.name)?.witness
  const source = witness?.kind === 'rate' ? target.sources[witness.of] : undefined
  if (witness?.kind !== 'rate' || source === undefined) return admission
  const failed = await blindTo(ports, witness.of, source)
  if (failed === undefined) return admission
  const problem = `its witness ${witness.of} can't be read (${failed.pod || 'no pod'}: ${failed.problem}), so nobody would see whether the fault takes effect.`
  const at = { file: target.file, line: 0, column: 0 }
  const next = 'Make the source readable for the API server; a NetworkPolicy may keep it out.'
  return { ...admission, ok: false, problems: [{ at, code: 'source-unreadable', problem, next }] }
}

/** A witness compares with the traffic before the fault. So its source is scraped twice a second from some seconds before the fault on. */
async function lookCloselyFrom(
  ports: FaultPorts,
  fault: PlannedFault,
  rehearsal: Rehearsal,
  zeroAt: Instant,
  signal: AbortSignal,
): Promise<void> {
  const witness = rehearsal.faults.find((each) => each.name === fault.name)?.witness
  await ports.clock.until(after(zeroAt, millis(Math.max(0, fault.fromMs - LOOK_BEFORE))), signal).catch(() => undefined)
  if (witness?.kind === 'rate') ports.closely.add(witness.of)
}

async function inject(
  ports: FaultPorts,
  fault: PlannedFault,
  target: Target,
  undos: string[],
  step: (data: FaultStepData) => void,
  signal: AbortSignal,
): Promise<void> {
  undos.push(await ports.healing.prepare(ports.faults.undoOf(fault)))
  const seen = (object: Parameters<Parameters<FaultInjector['inject']>[3]>[0]) =>
    ports.recorder.record({ kind: 'object-seen', change: 'modified', object })
  await ports.faults.inject(fault, target.injectionBudgetMs ?? INJECTION_BUDGET_DEFAULT, step, seen, signal)
}

/** Until the fault is healed: covers matching pods that started after injection, and records the covered share. */
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
      await inject(ports, now.fault, target, undos, () => undefined, signal)
      for (const pod of now.newcomers) covered.add(pod)
    }
    const escaped = now.matching.filter((pod) => !covered.has(pod))
    const coverage = { covered: now.matching.length - escaped.length, matching: now.matching.length }
    const text = JSON.stringify([coverage, escaped])
    if (text !== last) step({ is: 'coverage', ...coverage, escaped })
    last = text
  }
}
