/** The gate of a canary asks for indicators: each can only be shown missed where it has an objective of availability. */
import { asCanary } from '../../domain/action.ts'
import type { ActionDraft, Draft } from '../rehearsal.ts'
import type { Report } from '../report.ts'

export function checkGates({ slos, actions }: Draft, report: Report): void {
  const objectives = new Set(
    (slos?.value ?? []).flatMap(({ value }) => (value.objective === undefined ? [] : [value.sli.value])),
  )
  for (const action of actions?.value ?? [])
    for (const sli of asked(action)) {
      if (objectives.has(sli)) continue
      const problem = `The gate of "${action.value.name}" asks for ${sli}, which has no objective of availability.`
      const at = action.value.release?.at ?? action.at
      report(at, 'unknown-sli', problem, `add one to slos: {sli: ${sli}, objective: 99.9%}.`)
    }
}

const asked = ({ value: { release } }: ActionDraft): readonly string[] => asCanary(release?.act)?.canary.gate.slis ?? []
