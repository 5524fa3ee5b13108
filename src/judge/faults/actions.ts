/** An action counts only when it was begun and the cluster showed that it was done; what follows from it is judged as for a fault. */
import { asFollow } from '../../domain/action.ts'
import type { ActionSpec } from '../../domain/rehearsal.ts'
import { instant } from '../../domain/units.ts'
import type { ActionResult, Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, type Ruled } from '../findings/ruled.ts'
import { actionHarm } from '../harm/harm.ts'
import { judgeCanary } from '../reactions/canary.ts'
import { judgeConfiguration } from '../reactions/configuration.ts'
import { judgeCutover } from '../reactions/cutover.ts'
import { judgeFollowed } from '../reactions/follow.ts'
import { judgeMigration } from '../reactions/migration.ts'
import { isPreviewFailed } from '../reactions/preview.ts'
import { answersTo, noAnswers } from '../reactions/reactions.ts'
import { judgeRelease } from '../reactions/release.ts'
import { judgeRestore } from '../reactions/restore.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { missedSentence, missedTrigger } from './trigger.ts'

export function judgeActions(seen: Seen): Ruled<readonly ActionResult[]> {
  return allRuled(seen.run.head.rehearsal.actions.map((action) => judgeAction(seen, action)))
}

function judgeAction(seen: Seen, action: ActionSpec): Ruled<ActionResult> {
  const life = seen.actions.of(action.name)
  const harm = actionHarm(seen, action)
  const answers = harm ? answersTo(seen, harm, action.expect) : noAnswers
  const release = allRuled(
    harm
      ? [
          ...judgeRelease(seen, harm),
          ...judgeMigration(seen, harm),
          ...judgeConfiguration(seen, harm),
          ...judgeCanary(seen, harm),
          ...judgeRestore(seen, harm),
          ...judgeCutover(seen, harm),
          ...judgeFollowed(seen, harm),
        ]
      : [],
  )
  const state = stateOf(life)
  const refusals = [...(life?.refused.values() ?? [])]
  const result: ActionResult = {
    action: action.name,
    state,
    ...(life?.begun ? { begunAt: instant(life.begun.at) } : {}),
    ...(life?.done ? { doneAt: instant(life.done.at) } : {}),
    ...(life?.healed ? { healedAt: instant(life.healed.at) } : {}),
    targets: life?.begun?.targets ?? [],
    evicted: life?.evicted.length ?? 0,
    refusedEvictions: refusals.reduce((sum, each) => sum + each.times, 0),
    ...answers.result,
    reactions: [...release.result, ...answers.result.reactions],
  }
  const answered = [...release.findings, ...answers.findings]
  return { result, findings: [...answered, ...notDone(seen, action, life, state), ...notHealed(action, life)] }
}

function stateOf(life: ActionLife | undefined): ActionResult['state'] {
  if (life === undefined) return 'not-reached'
  if (missedTrigger(life) !== undefined) return 'not-performed'
  if (onlyArmed(life)) return 'not-reached'
  if (life.done) return 'done'
  if (life.problem?.is === 'refused') return 'refused'
  return life.problem?.is === 'failed' ? 'failed' : 'not-done'
}

/** Its trigger was armed, or fired, when the run ended. */
const onlyArmed = ({ trigger, admitted, problem, begun }: ActionLife): boolean =>
  trigger !== undefined && [admitted, problem, begun].every((each) => each === undefined)

/** A step of the rehearsal that did not happen leaves open what it was to show; `completes` says when that is a breach. */
function notDone(
  seen: Seen,
  action: ActionSpec,
  life: ActionLife | undefined,
  state: ActionResult['state'],
): readonly Finding[] {
  const { name, expect, when } = action
  if (state === 'done') {
    if (life?.begun !== undefined || life === undefined) return []
    // Without its start nothing that follows from it was judged.
    return [finding('gap', 'action-not-done', name, `${name} was done, and no record shows when it began.`, life.lines)]
  }
  // A release that was taken back at a step or at its preview did what it should, and has a finding of its own.
  if (life?.steps.some(({ decided }) => decided.at(-1)?.outcome === 'roll-back')) return []
  if (life !== undefined && isPreviewFailed(life)) return []
  // What a followed Rollout did is judged by its steps.
  if (life?.begun && life.problem === undefined && asFollow(action.act) !== undefined) return []
  // A restore that named its point has findings of its own for whatever did not follow.
  if (life?.restore['point-set'] !== undefined) return []
  // So has a cutover that ended at one of its steps.
  if (life?.cutover.stopped !== undefined) return []
  if (life?.begun && life.problem === undefined && expect.some((each) => each.kind === 'completes')) return []
  const lines = life?.lines ?? [...seen.run.loadLines, seen.run.headLine]
  const missed = missedTrigger(life)
  if (missed !== undefined) return [finding('gap', 'trigger-missed', name, missedSentence(name, when, missed), lines)]
  return [finding('gap', 'action-not-done', name, sentenceOf(name, life), lines)]
}

function sentenceOf(name: string, life: ActionLife | undefined): string {
  if (life === undefined || onlyArmed(life)) return `${name} never began.`
  if (life.problem) return `${name} was ${life.problem.is === 'refused' ? 'refused' : 'not done'}: ${life.problem.text}`
  return `${name} began and was never seen done.`
}

function notHealed({ name }: ActionSpec, life: ActionLife | undefined): readonly Finding[] {
  if (life?.problem?.is !== 'heal-failed') return []
  return [
    finding('gap', 'fault-not-recovered', name, `${name} could not be taken back: ${life.problem.text}`, life.lines),
  ]
}
