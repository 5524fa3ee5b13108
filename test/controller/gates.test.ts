import { describe, expect, it } from 'vitest'
import { systemClock } from '../../src/cli/clock.ts'
import { createGates } from '../../src/controller/gates.ts'
import type { FaultStepData } from '../../src/domain/evidence.ts'
import type { Decision } from '../../src/domain/people.ts'
import { after, instant, millis } from '../../src/domain/units.ts'
import { timeline } from '../support/evidence.ts'

const [fault] = timeline.faults
if (fault === undefined) throw new Error('the stock run has a fault')
/** Opens at once and closes after 400 ms. */
const gated = { ...fault, fromMs: millis(400), gate: { by: 'owner', opensMs: millis(0) } } as const
const go: Omit<Decision, 'at'> = {
  kind: 'decision',
  by: 'Ana',
  role: 'owner',
  via: 'page',
  what: 'go',
  about: fault.name,
}

async function passed(...decisions: readonly Omit<Decision, 'at'>[]) {
  const gates = createGates(systemClock)
  const steps: FaultStepData[] = []
  const zeroAt = systemClock.now()
  const passing = gates.pass(gated, zeroAt, (step) => steps.push(step), new AbortController().signal)
  await systemClock.until(after(zeroAt, millis(50)))
  for (const decision of decisions) gates.hear(decision)
  const passes = await passing
  return { passes, steps, tookMs: systemClock.now() - zeroAt }
}

describe('a gate', () => {
  it.each<[string, readonly Omit<Decision, 'at'>[], boolean, string]>([
    ['lets a fault through after a go', [go], true, 'go'],
    ['keeps the fault out after a no-go', [{ ...go, what: 'no-go' }], false, 'no-go'],
    ['keeps the fault out when nobody answers', [], false, 'none'],
    ['does not take the answer of another role', [{ ...go, role: 'observer' }], false, 'none'],
    ['does not take an answer about another fault', [{ ...go, about: 'another' }], false, 'none'],
    ['counts the first answer', [go, { ...go, what: 'no-go' }], true, 'go'],
    ['does not take a stop as an answer', [{ ...go, what: 'stop' }], false, 'none'],
  ])('%s', async (_, decisions, passes, answer) => {
    const told = await passed(...decisions)
    expect(told.passes).toBe(passes)
    expect(told.steps[0]).toEqual({ is: 'gate-opened', by: 'owner' })
    expect(told.steps[1]).toMatchObject({ is: 'gate-closed', answer })
    expect(told.steps).toHaveLength(2)
    // It closes at its deadline and not later: the load does not wait.
    expect(told.tookMs).toBeLessThan(2000)
  })

  it('stays unanswered when the run stops', async () => {
    const stopping = new AbortController()
    const steps: FaultStepData[] = []
    const passing = createGates(systemClock).pass(
      gated,
      instant(systemClock.now()),
      (step) => steps.push(step),
      stopping.signal,
    )
    setTimeout(() => stopping.abort(new Error('enough')), 50)
    await expect(passing).rejects.toThrow('enough')
    expect(steps.map(({ is }) => is)).toEqual(['gate-opened'])
  })
})
