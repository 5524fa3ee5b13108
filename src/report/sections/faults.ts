/** One card per fault: what was injected and where, its proof, the platform's reactions, and its cost. */
import type { FaultResult, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { triggerWords } from '../harms.ts'
import type { RunView } from '../view.ts'
import { clock, faultWords, inPercent, inSeconds, utcTime } from '../words.ts'
import { article, cell, facts, row, rowHead, section } from './markup.ts'
import { answerRows, costCards, reactionTable } from './reactions.ts'

export function faults(judgment: Judgment, view: RunView): Html {
  if (judgment.faults.length === 0) return html``
  return section('faults', 'Faults', html`${judgment.faults.map((fault) => card(fault, view))}`)
}

function card(fault: FaultResult, view: RunView): Html {
  const since = (at: number | undefined): string =>
    at === undefined ? '–' : `${clock((at - view.zeroAt) / 1000)}, ${utcTime(at)} UTC`
  const harm = view.harms.find((each) => each.kind === 'fault' && each.name === fault.fault)
  const waited = harm && triggerWords(harm)
  const rows = [
    ...(waited === undefined ? [] : [row([rowHead('trigger'), cell(waited)])]),
    row([rowHead('injected'), cell(since(fault.injectedAt))]),
    row([rowHead('witnessed'), cell(`${since(fault.witnessedAt)}${lagOf(fault)}`)]),
    row([rowHead('healed'), cell(since(fault.healedAt))]),
    row([rowHead('proof'), cell(fault.witness.sentence)]),
    row([rowHead('where'), cell(fault.pods.join(', ') || '–')]),
    row([rowHead('coverage'), cell(inPercent(fault.coverage, 0))]),
    ...answerRows(fault),
  ]
  const letter = harm?.letter
  const title = letter === undefined ? fault.fault : `${letter} · ${fault.fault}`
  const body = [
    facts(rows, title),
    reactionTable(fault.reactions, `Reactions to ${title}`),
    costCards(fault.costs),
    applied(fault, view),
  ]
  return article(title, faultWords[fault.state], html`${body}`)
}

function lagOf({ witnessedAt, injectedAt }: FaultResult): string {
  if (witnessedAt === undefined || injectedAt === undefined) return ''
  return ` (${inSeconds(witnessedAt - injectedAt)} after injection)`
}

function applied({ fault }: FaultResult, { started }: RunView): Html {
  const planned = started.timeline.faults.find((each) => each.name === fault)
  if (!planned) return html``
  return html`<details><summary>what was applied</summary><pre>${JSON.stringify(planned.object, undefined, 2)}</pre></details>`
}
