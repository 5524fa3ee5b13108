/** An action must do exactly one thing, and its parts must fit together. */
import { ACT_KEYS, actKeysOf, actsOf } from '../acts.ts'
import { listed } from '../did-you-mean.ts'
import type { ActionDraft, Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'

export function checkActions({ actions }: Draft, report: Report): void {
  for (const action of actions?.value ?? []) {
    const { name, for: lasts } = action.value
    checkOneAct(action, report)
    const named = { at: action.at, name, ...(lasts === undefined ? {} : { lastsMs: lasts.value }) }
    for (const { check } of actsOf(action.value)) check?.(named, report)
  }
}

function checkOneAct(action: ActionDraft, report: Report): void {
  const keys = actKeysOf(action.value)
  if (keys.length === 1) return
  const { name } = action.value
  if (keys.length === 0)
    report(action.at, 'missing-key', `The action "${name}" does nothing.`, `add one of ${listed(ACT_KEYS, 'or')}.`)
  else report(action.at, 'wrong-value', `The action "${name}" does ${listed(keys)}.`, 'make an action of each.')
}
