/** How the platform answered a harm: each reaction that the rehearsal expects of it, and what it cost the objectives. */

import type { Reaction } from '../../domain/rehearsal.ts'
import type { FaultResult, Finding, ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import type { Harm } from '../harm/harm.ts'
import type { Seen } from '../seen/seen.ts'
import { judgeAlert } from './alerts.ts'
import { judgeAmplification, judgeBacksOff } from './calls.ts'
import { judgeCompletion } from './completion.ts'
import { harmCosts } from './costs.ts'
import { judgeFailback } from './failback.ts'
import { judgeFailover } from './failover.ts'
import { judgePeople } from './people.ts'
import { judgePromotion } from './promotion.ts'
import { judgeReconnects } from './reconnects.ts'
import { judgeRecovery } from './recovery.ts'
import { judgeSpreads, judgeSurvives } from './standing.ts'
import { judgeUndisturbed } from './undisturbed.ts'

export type Answers = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions' | 'costs'>

export const noAnswers: Ruled<Answers> = {
  result: { failovers: [], recoveries: [], reactions: [], costs: [] },
  findings: [],
}

export function answersTo(seen: Seen, harm: Harm, expected: readonly Reaction[]): Ruled<Answers> {
  const failovers: Ruled<FaultResult['failovers'][number]>[] = []
  const recoveries: Ruled<FaultResult['recoveries'][number]>[] = []
  const reactions: Ruled<ReactionResult>[] = []
  for (const each of expected) {
    if (each.kind === 'failover') failovers.push(judgeMove(seen, harm, each))
    else if (each.kind === 'recovers') recoveries.push(judgeRecovery(seen, harm, each))
    else reactions.push(judgeReaction(seen, harm, each))
  }
  const findings: readonly Finding[] = [failovers, recoveries, reactions].flat().flatMap((each) => each.findings)
  return {
    result: {
      failovers: failovers.map((each) => each.result),
      recoveries: recoveries.map((each) => each.result),
      reactions: reactions.map((each) => each.result),
      costs: harmCosts(seen, harm),
    },
    findings,
  }
}

/** Work moves to the other provider, and back after healing, unless the platform stays there on purpose. */
function judgeMove(seen: Seen, harm: Harm, expected: Extract<Reaction, { kind: 'failover' }>) {
  const { result, findings } = judgeFailover(seen, harm, expected)
  if (expected.failback === 'none') return { result, findings }
  return { result, findings: [...findings, ...judgeFailback(seen, harm, expected, result.tookMs !== undefined)] }
}

type Other = Exclude<Reaction, { kind: 'failover' | 'recovers' }>

function judgeReaction(seen: Seen, harm: Harm, expected: Other): Ruled<ReactionResult> {
  switch (expected.kind) {
    case 'reconnects':
      return judgeReconnects(seen, harm, expected)
    case 'survives':
      return judgeSurvives(seen, harm, expected)
    case 'spreads':
      return judgeSpreads(seen, harm, expected)
    case 'backs-off':
      return judgeBacksOff(seen, harm, expected)
    case 'amplification':
      return judgeAmplification(seen, harm, expected)
    case 'undisturbed':
      return judgeUndisturbed(seen, harm, expected)
    case 'completes':
      return judgeCompletion(seen, harm, expected)
    case 'alerts':
    case 'resolves':
      return judgeAlert(seen, harm, expected)
    case 'declares':
    case 'mitigates':
    case 'ticks':
      return judgePeople(seen, harm, expected)
    case 'promotes':
      return judgePromotion(seen, harm, expected)
  }
}
