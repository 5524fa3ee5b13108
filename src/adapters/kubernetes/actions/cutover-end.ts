/**
 * How a cutover ends that did not come to its end by itself: it is taken back, or completed if it has passed the step without a way back. A ConfigMap
 * holds both ways and the step that was reached, so that `heal` needs no journal. It is deleted only when exactly one region accepts writes.
 */
import {
  type CutoverMoves,
  type CutoverStep,
  cutoverSteps,
  cutoverStepWords,
  type EndCutover,
  endsOnward,
  type Writable,
} from '../../../domain/cutover.ts'
import type { ResidueItem, UndoOutcome } from '../../../domain/evidence.ts'
import { RUN_LABEL } from '../../../domain/labels.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { after, type Instant, type Millis } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import {
  demand,
  find,
  isKubeObject,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { fields, text } from '../fields.ts'
import { edit, LOOK_EVERY } from './change.ts'
import { runOf } from './copies.ts'
import { untilStill } from './cutover-still.ts'
import { areOfPlan } from './cutover-ways.ts'
import { allowed } from './leftovers.ts'
import { make, type ProofShown, type RegionPorts, shownBy, writableNow } from './regions.ts'

export const logName = (plan: string): string => `matchday-cutover-${plan}`.slice(0, 253)
export const logPath = ({ namespace, name }: Pick<EndCutover, 'namespace' | 'name'>): string =>
  `${paths.configMaps(namespace)}/${name}`

/** Written before the first step. Fails if another run left one. */
export async function openLog(api: KubernetesApi, run: string, undo: EndCutover, signal: AbortSignal): Promise<void> {
  const { namespace, name } = undo
  const body = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: { [RUN_LABEL]: run } },
    data: { reached: 'ready' satisfies CutoverStep, undo: JSON.stringify(undo) },
  }
  await demand(api, { method: 'POST', path: paths.configMaps(namespace), body, signal })
}

/** Written before anything of the step is switched. */
export async function reach(ports: RegionPorts, undo: EndCutover, step: CutoverStep, deadline: Instant): Promise<void> {
  const found = await edit(ports, logPath(undo), deadline, ports.signal, () => ({ data: { reached: step } }))
  if (found === undefined) throw new Error(`${logPath(undo)} was deleted during the cutover`)
}

export async function endCutover(ports: RegionPorts, undo: EndCutover, budgetMs: Millis): Promise<UndoOutcome> {
  const deadline = after(ports.clock.now(), budgetMs)
  const log = await readLog(ports, undo, deadline)
  if (log === undefined) return endedAs(ports, undo, deadline)
  const reached = stepOf(log, undo)
  const onward = endsOnward(reached, undo.noWayBackFrom)
  if (onward) await complete(ports, undo, reached, deadline)
  else await takeBack(ports, undo, reached, deadline)
  await oneWritable(ports, undo, onward, deadline)
  await closeLog(ports, undo, deadline)
  return onward ? 'completed' : 'undone'
}

/**
 * Without the log, the cutover has ended, never began, or somebody deleted the log. The step is not known, so nothing is switched: the outcome follows
 * from the one region that accepts writes. A region that does not answer is asked again until the deadline.
 */
async function endedAs(ports: RegionPorts, { from, to, ...log }: EndCutover, deadline: Instant): Promise<UndoOutcome> {
  for (;;) {
    const [old, fresh] = await Promise.all([writableNow(ports, from.writable), writableNow(ports, to.writable)])
    if (old === 'yes' && fresh === 'no') return 'undone'
    if (old === 'no' && fresh === 'yes') return 'completed'
    if ((old !== 'unread' && fresh !== 'unread') || ports.clock.now() >= deadline)
      throw new Error(`${logPath(log)} was deleted, and ${writersWords(from.name, old, to.name, fresh)}`)
    await ports.clock.until(after(ports.clock.now(), LOOK_EVERY), ports.signal)
  }
}

/**
 * Before the promotion only the old region can accept writes. So one failed change does not stop the others: otherwise writes would stay frozen. After the
 * promotion the order matters, and the first failed change ends the way back.
 */
async function takeBack(ports: RegionPorts, undo: EndCutover, reached: CutoverStep, deadline: Instant): Promise<void> {
  const problems: string[] = []
  const inOrder = isReached('promote', reached)
  for (const move of undo.back.filter(({ step }) => isReached(step, reached)).flatMap(({ moves }) => moves))
    await make(ports, move, deadline).catch((error: unknown) => {
      if (inOrder) throw error
      problems.push(messageOf(error))
    })
  if (problems.length > 0) throw new Error(problems.join('; '))
}

async function complete(ports: RegionPorts, undo: EndCutover, reached: CutoverStep, deadline: Instant): Promise<void> {
  for (const each of undo.onward) {
    // The promotion can be outstanding here only if an earlier step has no way back. A promotion that has begun is repeated without this check.
    if (each.step === 'promote' && !isReached('promote', reached)) await demandStill(ports, undo, deadline)
    await movedAndProven(ports, each, deadline)
  }
}

async function demandStill(ports: RegionPorts, { from, onward }: EndCutover, deadline: Instant): Promise<void> {
  const caughtUp = onward.find(({ step }) => step === 'catch-up')?.proofs ?? []
  const { held, words } = await untilStill(ports, from, caughtUp, deadline)
  if (!held) throw new Error(`${cutoverStepWords.promote} did not begin: ${words}`)
}

const isReached = (step: CutoverStep, reached: CutoverStep): boolean =>
  cutoverSteps.indexOf(step) <= cutoverSteps.indexOf(reached)

/** A guess could promote a standby that has not caught up, or thaw the old region beside a new primary. So a person must say it. */
function stepOf(log: KubeObject, undo: EndCutover): CutoverStep {
  const said = text(fields(log.data).reached)
  const reached = cutoverSteps.find((step) => step === said)
  if (reached !== undefined) return reached
  const steps = cutoverSteps.join(', ')
  throw new Error(
    `${logPath(undo)} does not say which step the cutover had reached: its key reached is ${JSON.stringify(said)}. Write the last step that began there (${steps}), and heal again`,
  )
}

async function movedAndProven(
  ports: RegionPorts,
  { step, moves, proofs }: CutoverMoves,
  deadline: Instant,
): Promise<void> {
  for (const move of moves) await make(ports, move, deadline)
  const { held, words } = await untilProven(ports, proofs, deadline)
  if (!held) throw new Error(`${cutoverStepWords[step]} was not proven: ${words}`)
}

/** What the reading of an unproven step shows. */
export type StepShown = Omit<ProofShown, 'held'>

/** Waits until all proofs hold at one time. At the deadline it returns the first one that does not hold. */
export async function untilProven(
  ports: RegionPorts,
  proofs: CutoverMoves['proofs'],
  deadline: Instant,
): Promise<ProofShown> {
  for (;;) {
    const all = await Promise.all(proofs.map((proof) => shownBy(ports, proof)))
    const open = all.find(({ held }) => !held)
    if (open === undefined) return { held: true, words: all.map(({ words }) => words).join('; ') }
    if (ports.clock.now() >= deadline) return open
    await ports.clock.until(after(ports.clock.now(), LOOK_EVERY), ports.signal)
  }
}

/** Names the region that accepts writes if it is the wrong one, both, or none. */
async function oneWritable(
  ports: RegionPorts,
  { from, to }: EndCutover,
  onward: boolean,
  deadline: Instant,
): Promise<void> {
  const [serves, rests] = onward ? [to, from] : [from, to]
  for (;;) {
    const [mine, other] = await Promise.all([writableNow(ports, serves.writable), writableNow(ports, rests.writable)])
    if (mine === 'yes' && other === 'no') return
    if (ports.clock.now() >= deadline) throw new Error(writersWords(serves.name, mine, rests.name, other))
    await ports.clock.until(after(ports.clock.now(), LOOK_EVERY), ports.signal)
  }
}

/**
 * Only the old region may accept writes before the first change. Otherwise the way back, which restores the present state, could never end with the old
 * region alone. Throws if that is not so at the deadline.
 */
export async function demandOldWrites(
  ports: RegionPorts,
  { from, to }: Pick<EndCutover, 'from' | 'to'>,
  deadline: Instant,
): Promise<void> {
  for (;;) {
    const [old, fresh] = await Promise.all([writableNow(ports, from.writable), writableNow(ports, to.writable)])
    if (old === 'yes' && fresh === 'no') return
    // Waiting does not help if the standby accepts writes.
    if (fresh === 'yes' || ports.clock.now() >= deadline)
      throw new Error(
        `the cutover did not begin, and nothing was changed: ${writersWords(from.name, old, to.name, fresh)}`,
      )
    await ports.clock.until(after(ports.clock.now(), LOOK_EVERY), ports.signal)
  }
}

function writersWords(serves: string, mine: Writable, rests: string, other: Writable): string {
  if (mine === 'yes' && other === 'yes') return `both regions accept writes: ${serves} and ${rests}`
  if (mine === 'unread' || other === 'unread')
    return `whether ${mine === 'unread' ? serves : rests} accepts writes could not be read`
  return other === 'yes' ? `${rests} accepts writes, and ${serves} should` : 'no region accepts writes'
}

async function readLog(
  { api, clock }: RegionPorts,
  undo: EndCutover,
  deadline: Instant,
): Promise<KubeObject | undefined> {
  const log = await insist(
    () => find(api, { method: 'GET', path: logPath(undo) }) as Promise<KubeObject | undefined>,
    () => clock.now() >= deadline,
    () => clock.until(after(clock.now(), LOOK_EVERY)),
  )
  return log === undefined || runOf(log) === undefined ? undefined : log
}

/** The cutover is over. */
export async function closeLog({ api, clock }: RegionPorts, undo: EndCutover, deadline: Instant): Promise<void> {
  await insist(
    () => find(api, { method: 'DELETE', path: logPath(undo) }),
    () => clock.now() >= deadline,
    () => clock.until(after(clock.now(), LOOK_EVERY)),
  )
}

/** A cutover of a dead run. Without `undo`, what its ConfigMap asks for is not what the plan in the target file says, so that it is not believed. */
type LeftLog = { readonly run: string; readonly where: string; readonly undo?: EndCutover }

async function logsLeft(api: KubernetesApi, { cutovers = {}, namespace }: Target): Promise<readonly LeftLog[]> {
  const found = await Promise.all(
    Object.entries(cutovers).map(async ([plan, place]): Promise<readonly LeftLog[]> => {
      const name = logName(plan)
      const where = logPath({ namespace, name })
      const object = await allowed(api, where)
      const run = isKubeObject(object) ? runOf(object) : undefined
      if (run === undefined || !isKubeObject(object)) return []
      const ways = waysIn(object)
      if (!areOfPlan(ways, place)) return [{ run, where }]
      return [{ run, where, undo: { ...ways, does: 'end-cutover', plan, namespace, name } }]
    }),
  )
  return found.flat()
}

/** Cutovers of dead runs that can be ended without their journal. */
export const leftCutovers = async (
  api: KubernetesApi,
  target: Target,
): Promise<readonly { readonly undo: EndCutover; readonly run: string }[]> =>
  (await logsLeft(api, target)).flatMap(({ undo, run }) => (undo === undefined ? [] : [{ undo, run }]))

function waysIn(log: KubeObject): unknown {
  try {
    return JSON.parse(text(fields(log.data).undo))
  } catch {
    return undefined
  }
}

export const cutoversLeft = async (api: KubernetesApi, target: Target): Promise<readonly ResidueItem[]> =>
  (await logsLeft(api, target)).map(({ undo, run, where }) =>
    undo === undefined
      ? {
          what: `a cutover of run ${run} whose ConfigMap asks for other changes than its plan in ${target.file}`,
          where,
          next: `Somebody changed one of the two. Heal from the journal: matchday heal --context ${target.context} --reports FOLDER`,
        }
      : {
          what: `a cutover of run ${run} that did not end`,
          where,
          next: `matchday heal --context ${target.context}`,
        },
  )
