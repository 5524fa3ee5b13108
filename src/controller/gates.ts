/**
 * Gates before faults. A gate opens at its planned time and closes at the fault's: the load and everything else go on meanwhile. An answer counts if it
 * comes from the role that the gate asks. The first one counts, so that a fault that was begun is not discussed any more; stopping is another matter.
 */
import type { FaultStepData } from '../domain/evidence.ts'
import type { Decision } from '../domain/people.ts'
import type { PlannedFault } from '../domain/timeline.ts'
import { after, type Instant } from '../domain/units.ts'
import { answerBefore } from './deadline.ts'
import type { Clock } from './ports.ts'

export type Gates = {
  hear(decision: Omit<Decision, 'at'>): void
  /** Whether the fault may be performed. Without a gate it may. Rejects when aborted. */
  pass(fault: PlannedFault, zeroAt: Instant, step: (data: FaultStepData) => void, signal: AbortSignal): Promise<boolean>
}

export function createGates(clock: Clock): Gates {
  const open = new Map<string, { readonly by: string; answer(decision: Omit<Decision, 'at'>): void }>()

  const answered = (fault: string, by: string): Promise<Omit<Decision, 'at'>> =>
    new Promise((resolve) => {
      open.set(fault, { by, answer: resolve })
    })

  return {
    hear(decision) {
      const gate = decision.about === undefined ? undefined : open.get(decision.about)
      if (gate !== undefined && decision.what !== 'stop' && decision.role === gate.by) gate.answer(decision)
    },
    async pass(fault, zeroAt, step, signal) {
      const { gate, name } = fault
      if (gate === undefined) return true
      await clock.until(after(zeroAt, gate.opensMs), signal)
      step({ is: 'gate-opened', by: gate.by })
      try {
        const decision = await answerBefore(clock, after(zeroAt, fault.fromMs), answered(name, gate.by), signal)
        const answer = decision === undefined || decision.what === 'stop' ? 'none' : decision.what
        step({ is: 'gate-closed', answer, ...(decision === undefined ? {} : { who: decision.by }) })
        return answer === 'go'
      } finally {
        open.delete(name)
      }
    },
  }
}
