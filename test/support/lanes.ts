/** A lane of the report. */
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { createViewing } from '../../src/report/view.ts'

/** Undefined if the report has no chart of this id. */
export function laneIn(records: readonly Evidence[], id: string) {
  const viewing = createViewing()
  for (const record of records) viewing.add(record)
  return viewing
    .result()
    ?.charts(judge(records))
    .find((chart) => chart.id === id)
}
