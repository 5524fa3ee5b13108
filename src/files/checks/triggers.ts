/** Rules of one fault or action about how it begins: at a time or by a trigger, whose deadline comes after it is armed. */
import type { SourcePoint } from '../../domain/issue.ts'
import { showDuration } from '../../domain/show.ts'
import type { Report } from '../report.ts'
import type { BeginDraft, WhenDraft } from '../trigger.ts'

/** @returns false if a value is missing, so that nothing can be made of it */
export function checkBegin({ at, when }: BeginDraft, harm: SourcePoint, report: Report): void {
  if (at === undefined && when === undefined)
    report(harm, 'missing-key', 'Nothing says when it begins.', 'add "at" with a time, or "when" with a trigger.')
  if (at !== undefined && when !== undefined)
    report(when.at, 'wrong-value', 'It begins at a time and by a trigger.', 'keep at or when.')
  if (when !== undefined) checkWhen(when, report)
}

function checkWhen({ at, value: { kind, value } }: WhenDraft, report: Report): void {
  const { from, by } = value
  if (from !== undefined && by.value <= from.value) {
    const problem = `The trigger is armed after ${showDuration(from.value)}, and its deadline is ${showDuration(by.value)}.`
    report(by.at, 'out-of-range', problem, `choose a deadline after ${showDuration(from.value)}.`)
  }
  if (kind !== 'gauge' && kind !== 'rate') return
  if (value.rises === undefined && value.falls === undefined)
    report(at, 'missing-key', 'The trigger has no value.', 'add "rises" or "falls" with the value that it must reach.')
  if (value.rises !== undefined && value.falls !== undefined)
    report(at, 'wrong-value', 'The trigger waits for a rise and for a fall.', 'keep rises or falls.')
}
