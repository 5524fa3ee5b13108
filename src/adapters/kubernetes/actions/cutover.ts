/**
 * Moves the platform to its standby region, step by step. Each step is announced in the cluster before anything is switched (cutover-end.ts), has its own
 * deadline, and ends when its readings prove it. The first step that is late ends the cutover: it is taken back, or completed.
 */
import { isDeepStrictEqual } from 'node:util'
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import {
  type CutoverMove,
  type CutoverMoves,
  type CutoverPlace,
  type CutoverProof,
  type CutoverStep,
  cutoverSteps,
  cutoverStepWords,
  type EndCutover,
  endsOnward,
  type Switch,
} from '../../../domain/cutover.ts'
import type { ActionStepData } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import { after, type Instant, type Ratio, seconds } from '../../../domain/units.ts'
import { messageOf } from '../../../domain/unknown.ts'
import { find, isKubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { runOf } from './copies.ts'
import { demandOldWrites, logName, logPath, openLog, reach, type StepShown, untilProven } from './cutover-end.ts'
import { needsOf } from './cutover-needs.ts'
import { untilStill } from './cutover-still.ts'
import { moveOf, plannedWays } from './cutover-ways.ts'
import { type ChangeEnactor, type Checked, type Enacting, issueOf, missing, readIfAllowed } from './enactor.ts'
import { createRegionBooks, type RegionBooks } from './region-books.ts'
import { before, make, type RegionPorts, writableNow } from './regions.ts'
import { routePath } from './route-weights.ts'

type Moving = ChangeOn<'regions'>

export const regions: ChangeEnactor<Moving> = {
  needs: (change, target) => {
    const place = target.cutovers?.[change.plan]
    return place === undefined ? [] : needsOf(place, target)
  },
  problem: whyNoCutover,
  inventory: async () => ({ nodes: [], pods: [] }),
  prepare: cutOver,
}

async function whyNoCutover(checked: Checked<Moving>): Promise<Issue | undefined> {
  const { api, action, change, target } = checked
  const place = target.cutovers?.[change.plan]
  if (place === undefined) return undefined
  const path = logPath({ namespace: target.namespace, name: logName(change.plan) })
  const object = await readIfAllowed(api, path)
  if (object === 'missing' || object === 'forbidden') return whyNotMoved(checked, place)
  const run = runOf(object)
  const next =
    run === undefined
      ? 'Delete it, if nobody needs it.'
      : `Run ${run} left it: matchday heal --context ${target.context}`
  return issueOf(action, 'object-exists', `${path} exists already; a cutover writes its steps there`, next)
}

/** A problem that would fail a step of the cutover, or its undo. */
async function whyNotMoved({ api, action, target }: Checked<Moving>, place: CutoverPlace): Promise<Issue | undefined> {
  const changed = Object.values(place.steps).flatMap(({ switches }) => switches.flatMap((each) => pathOf(each) ?? []))
  for (const path of new Set(changed)) {
    const gone = await missing(api, action, path)
    if (gone !== undefined) return gone
  }
  // An unreadable region is no issue yet: it is asked again before the first step.
  if ((await writableNow({ api }, place.to.writable)) !== 'yes') return undefined
  const problem = `${place.to.name} accepts writes already, and ${place.from.name} should`
  const next = `Take its writes away, or correct its writable in ${target.file}.`
  return issueOf(action, 'region-writes-already', problem, next)
}

/** Path of the object that a switch changes. A call changes none. */
function pathOf(each: Switch): string | undefined {
  switch (each.kind) {
    case 'field':
      return paths.object(each.apiVersion, each.plural, each.namespace, each.name)
    case 'weights':
      return routePath(each.namespace, each.route)
    case 'call':
      return undefined
  }
}

/** Shared by all steps of one cutover. */
type Cutting = Enacting<Moving> &
  RegionPorts & {
    readonly place: CutoverPlace
    readonly undo: EndCutover
    readonly signal: AbortSignal
    readonly say: (step: ActionStepData) => void
  }

async function cutOver(enacting: Enacting<Moving>): Promise<PreparedAction> {
  const { api, change, settings, targets, note, run } = enacting
  const place = settings.cutovers?.[change.plan]
  if (place === undefined) throw new Error(`${settings.file} does not describe the cutover ${change.plan}`)
  await demandNoLog(enacting)
  await demandOldWrites(enacting, place, after(enacting.clock.now(), ASKED_FOR))
  const undo = await bothWays(enacting, place)
  return {
    undos: [undo],
    perform: async (say, signal) => {
      await openLog(api, run, undo, signal)
      say({ is: 'begun', targets })
      await performSteps({ ...enacting, place, undo, signal, say })
      say({ is: 'done', note: note(0) })
    },
  }
}

/** Before the first step, regions are asked for this long whether they accept writes. */
const ASKED_FOR = seconds(5)

/** Throws if another run left its log: the undo of this cutover would end that one. */
async function demandNoLog({ api, change, target }: Enacting<Moving>): Promise<void> {
  const path = logPath({ namespace: target, name: logName(change.plan) })
  const log = await find(api, { method: 'GET', path })
  if (log === undefined) return
  const run = isKubeObject(log) ? runOf(log) : undefined
  throw new Error(`${path} exists already; ${run === undefined ? 'no run' : `run ${run}`} left it`)
}

/** Reads the present values, so that the way back is known before anything is changed. */
async function bothWays({ api, change, target }: Enacting<Moving>, place: CutoverPlace): Promise<EndCutover> {
  const { plan } = change
  const ways = plannedWays(place)
  const back: CutoverMoves[] = []
  for (const way of ways.back) {
    const moves: CutoverMove[] = []
    for (const move of way.moves)
      moves.push(place.steps[way.step].undo.kind === 'restore' ? await before(api, move) : move)
    back.push({ ...way, moves })
  }
  return {
    does: 'end-cutover',
    plan,
    namespace: target,
    name: logName(plan),
    ...ways,
    back,
  }
}

async function performSteps(cutting: Cutting): Promise<void> {
  const books = createRegionBooks(cutting, cutting.say)
  for (const step of cutoverSteps) {
    const still = step === 'promote' ? await demandStill(cutting, books) : undefined
    await performStep(cutting, step, books, still)
    if (step === 'drain') await books.read('old-drained')
    if (step === 'promote') {
      await onlyOneWrites(cutting, step)
      await books.read('old-after')
      await books.read('new')
    }
    if (step === 'thaw') await onlyOneWrites(cutting, step)
  }
}

/**
 * If the freeze leaks, clients would still write to the old region after the promotion, and lose what they wrote. So the standby is promoted only after a check
 * that the old region stopped writing. The check may take as long as the budget of the promotion, which begins afterwards. Returns what was read.
 */
async function demandStill(cutting: Cutting, books: RegionBooks): Promise<string> {
  const { place, change, clock } = cutting
  const deadline = after(clock.now(), change.goals.budgets.promote)
  const still = await untilStill(cutting, place.from, place.steps['catch-up'].proofs, deadline)
  if (!still.held) throw await stopped(cutting, 'promote', still, books, 'catch-up')
  await books.watched()
  await books.read('old-before')
  const words = books.grown()
  if (words !== undefined) throw await stopped(cutting, 'promote', { words }, undefined, 'catch-up')
  return still.words
}

async function performStep(cutting: Cutting, step: CutoverStep, books: RegionBooks, before?: string): Promise<void> {
  const { place, change, clock, say, undo } = cutting
  const { switches } = place.steps[step]
  const proofs = proofsOf(place, step)
  if (switches.length === 0 && proofs.length === 0) return
  const deadline = after(clock.now(), change.goals.budgets[step])
  try {
    await reach(cutting, undo, step, deadline)
    say({ is: 'cutover-begun', step })
    await switchAll(cutting, step, deadline)
  } catch (error) {
    if (cutting.signal.aborted) throw error
    throw await stopped(cutting, step, { words: messageOf(error) }, books)
  }
  const proof = await untilProven(cutting, proofs, deadline)
  if (!proof.held) throw await stopped(cutting, step, proof, books)
  say({ is: 'cutover-proven', step, note: before === undefined ? proof.words : `${before}; ${proof.words}` })
  books.proven(step, clock.now())
}

/** The thaw is the last step, so its proofs always include that the new region accepts writes. */
function proofsOf({ steps, to }: CutoverPlace, step: CutoverStep): readonly CutoverProof[] {
  const { proofs } = steps[step]
  if (step !== 'thaw' || proofs.some((each) => isDeepStrictEqual(each, to.writable))) return proofs
  return [...proofs, to.writable]
}

/** Records why the cutover ends here, and whether it is taken back or completed. Like `heal`, it decides that by the last step that was reached. */
async function stopped(
  { say, undo }: Cutting,
  step: CutoverStep,
  { words, differs, unread }: StepShown,
  books?: RegionBooks,
  reached: CutoverStep = step,
): Promise<Error> {
  const ends = endsOnward(reached, undo.noWayBackFrom) ? 'onward' : 'back'
  // The book shows whether writes went on. Without it, a late step would hide a freeze that leaks.
  if (ends === 'back') await books?.read('old-before')
  say({
    is: 'cutover-stopped',
    step,
    ends,
    problem: words,
    ...(differs === undefined ? {} : { differs }),
    ...(unread === undefined ? {} : { unread }),
  })
  return new Error(`${cutoverStepWords[step]} ${reached === step ? 'was not proven' : 'did not begin'}: ${words}`)
}

async function onlyOneWrites(cutting: Cutting, step: CutoverStep): Promise<void> {
  const { place, say } = cutting
  const [from, to] = await Promise.all([place.from, place.to].map(({ writable }) => writableNow(cutting, writable)))
  say({ is: 'regions-read', step, from: from ?? 'unread', to: to ?? 'unread' })
  if (from !== 'yes') return
  const words = to === 'yes' ? 'both regions accept writes' : `${place.from.name} still accepts writes`
  throw await stopped(cutting, step, { words })
}

/** The weights of all routes move together, share by share. */
async function switchAll(cutting: Cutting, step: CutoverStep, deadline: Instant): Promise<void> {
  const { place, change, clock, signal, say } = cutting
  const { switches } = place.steps[step]
  if (step !== 'traffic' || !switches.some(({ kind }) => kind === 'weights')) {
    for (const each of switches) await make(cutting, moveOf(each), deadline)
    return
  }
  for (const share of change.goals.shares) {
    for (const each of switches)
      if (each.kind === 'weights' || isLast(change, share)) await make(cutting, moveOf(each, share), deadline)
    say({ is: 'cutover-share', share })
    await clock.until(after(clock.now(), change.goals.holdMs), signal)
  }
}

const isLast = ({ goals }: Moving, share: Ratio): boolean => share === goals.shares.at(-1)
