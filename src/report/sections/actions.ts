/** One card per action: what was changed, how far it got, evictions and refusals, and its cost. */
import type { ActionResult, Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { type DrawnHarm, triggerWords } from '../harms.ts'
import type { RunView } from '../view.ts'
import { actionWords, clock, inSeconds } from '../words.ts'
import { article, cell, facts, row, rowHead, section } from './markup.ts'
import { answerRows, costCards, reactionTable } from './reactions.ts'

export function actions(judgment: Judgment, view: RunView): Html {
  if (judgment.actions.length === 0) return html``
  return section('actions', 'Actions', html`${judgment.actions.map((action) => card(action, view))}`)
}

function card(action: ActionResult, view: RunView): Html {
  const harm = view.harms.find((each) => each.kind === 'action' && each.name === action.action)
  const since = (at: number | undefined): string => (at === undefined ? '–' : clock((at - view.zeroAt) / 1000))
  const waited = harm && triggerWords(harm)
  const rows = [
    ...(waited === undefined ? [] : [row([rowHead('trigger'), cell(waited)])]),
    row([rowHead('what'), cell(harm?.what ?? '–')]),
    row([rowHead('begun'), cell(since(action.begunAt))]),
    row([rowHead('done'), cell(`${since(action.doneAt)}${lengthOf(action)}`)]),
    row([rowHead('undone'), cell(action.healedAt === undefined ? (notUndone(harm) ?? '–') : since(action.healedAt))]),
    row([rowHead('where'), cell(action.targets.join(', ') || '–')]),
    ...evictions(action),
    ...answerRows(action),
  ]
  const title = harm === undefined ? action.action : `${harm.letter} · ${action.action}`
  const body = [facts(rows, title), reactionTable(action.reactions, `Reactions to ${title}`), costCards(action.costs)]
  return article(title, actionWords[action.state], html`${body}`)
}

function notUndone(harm: DrawnHarm | undefined): string | undefined {
  if (harm?.kept !== undefined) return 'kept, needs no undo'
  return harm?.lasts === false ? 'needs no undo' : undefined
}

function lengthOf({ begunAt, doneAt }: ActionResult): string {
  return begunAt === undefined || doneAt === undefined ? '' : ` (${inSeconds(doneAt - begunAt)} after it began)`
}

function evictions({ evicted, refusedEvictions }: ActionResult): readonly Html[] {
  if (evicted + refusedEvictions === 0) return []
  const words = `${evicted} evicted, ${refusedEvictions} refused by a disruption budget, at least for a while`
  return [row([rowHead('evictions'), cell(words)])]
}
