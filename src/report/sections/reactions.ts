/** Expected reactions to one harm, and its cost for each objective: the same for faults and actions. */
import type { FaultResult, HarmCost, ReactionResult } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { budgetShare, costName, inSeconds, isFelt, reactionWords, whole } from '../words.ts'
import { cell, row, rowHead, table, took } from './markup.ts'

type Answered = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions'>

export const answerRows = ({ failovers, recoveries }: Answered): readonly Html[] => [
  ...failovers.map((each) => row([rowHead(`failover ${each.from} → ${each.to}`), took(each)])),
  ...recoveries.map((each) => row([rowHead(`${each.sli} recovers`), took(each)])),
]

export function reactionTable(reactions: readonly ReactionResult[], name: string): Html {
  if (reactions.length === 0) return html``
  const rows = reactions.map((each) => row([cell(reactionWords(each)), took(each), cell(each.sentence)]))
  return html`<h4>Reactions</h4>${table(['reaction', 'took', 'what was seen'], rows, name)}`
}

/** A card for each objective that was affected, and one sentence for the others. Times count from the injection. */
export function costCards(costs: readonly HarmCost[]): Html {
  if (costs.length === 0) return html``
  const felt = costs.filter(isFelt)
  const rest = costs
    .filter((each) => !isFelt(each))
    .map(
      (each) =>
        `${costName(each, costs)} (0 bad${each.kind === 'latency' ? ' or too slow' : ''} of ${whole(each.attempts)})`,
    )
  const unfelt = rest.length === 0 ? html`` : html`<p class="good">✓ Not felt by ${rest.join(', ')}.</p>`
  return html`<h4>What it cost</h4><div class="cards">${felt.map((each) => card(each, costs))}</div>${unfelt}`
}

function card(cost: HarmCost, all: readonly HarmCost[]): Html {
  const spent = cost.budgetBurnt > 1
  const facts = [
    ['budget burnt', budgetShare(cost.budgetBurnt, 1)],
    ['bad', `${whole(cost.bad)} of ${whole(cost.attempts)}`],
    ...(cost.tooSlow > 0 ? [['over the ceiling', whole(cost.tooSlow)]] : []),
    ['first felt', `after ${inSeconds(cost.detectMs)}`],
    ['degraded for', degraded(cost)],
    ['over', cost.recoverMs === undefined ? '–' : `after ${inSeconds(cost.recoverMs)}`],
    ['peak burn', `${cost.peakBurn.toFixed(1)}×`],
  ]
  return html`<div class="card"><p><b>${costName(cost, all)}</b> <span class="${spent ? 'bad' : 'warn'}">${spent ? '✗ budget spent' : '! felt'}</span></p><dl>${facts.map(([name = '', value = '']) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></div>`
}

const degraded = ({ detectMs, recoverMs }: HarmCost): string =>
  detectMs === undefined || recoverMs === undefined ? '–' : inSeconds(Math.max(0, recoverMs - detectMs))
