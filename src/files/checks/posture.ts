/** A check that is listed twice would be judged and reported twice. */
import type { Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'
import type { Placed } from '../shape.ts'

export function checkPosture({ expect }: Draft, report: Report): void {
  for (const { value } of expect?.value ?? []) {
    if (value.kind !== 'posture') continue
    reportRepeated(value.value.namespaces, report)
    reportRepeated(value.value.checks, report)
  }
}

function reportRepeated(items: readonly Placed<string>[], report: Report): void {
  for (const [index, { at, value }] of items.entries()) {
    const first = items.findIndex((each) => each.value === value)
    if (first < index) report(at, 'duplicate-name', `"${value}" stands in this list already.`, 'write it once.')
  }
}
