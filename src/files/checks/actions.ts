/** An action must do exactly one thing, to a named object. */
import { listed } from '../did-you-mean.ts'
import { actKeysOf } from '../harm.ts'
import { ACT_KEYS } from '../harm-shape.ts'
import type { ActionDraft, Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'

export function checkActions({ actions }: Draft, report: Report): void {
  for (const action of actions?.value ?? []) {
    checkOneAct(action, report)
    checkNodes(action, report)
    checkRelease(action, report)
  }
}

function checkOneAct(action: ActionDraft, report: Report): void {
  const keys = actKeysOf(action)
  if (keys.length === 1) return
  const { name } = action.value
  if (keys.length === 0)
    report(action.at, 'missing-key', `The action "${name}" does nothing.`, `add one of ${listed(ACT_KEYS, 'or')}.`)
  else report(action.at, 'wrong-value', `The action "${name}" does ${listed(keys)}.`, 'make an action of each.')
}

/** An action on all nodes of a cluster is never intended. */
function checkNodes({ value: { taint, drain, powerOff } }: ActionDraft, report: Report): void {
  for (const nodes of [taint, drain, powerOff]) {
    if (nodes === undefined || nodes.value.zone !== undefined || nodes.value.pool !== undefined) continue
    report(nodes.at, 'missing-key', 'This would choose among all nodes of the cluster.', 'add a zone or a pool.')
  }
}

/** A release changes something, and the file says when it is rolled back. */
function checkRelease({ at, value: { release, name, for: lasts } }: ActionDraft, report: Report): void {
  if (release === undefined) return
  const { image, annotations } = release.value
  if (Object.keys({ ...image, ...annotations }).length === 0)
    report(release.at, 'missing-key', `The release "${name}" changes nothing.`, 'add image or annotations.')
  if (lasts === undefined)
    report(at, 'missing-key', `The release "${name}" has no time after which it is rolled back.`, 'add for: 60s.')
}
