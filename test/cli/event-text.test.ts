import { describe, expect, it } from 'vitest'
import { eventText } from '../../src/cli/event-text.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'

const uncoloured = (record: Evidence): string | undefined =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
  eventText(record)?.text.replace(/\u001b\[\d+m/g, '')

const told = (step: ActionStepData): string | undefined =>
  uncoloured({ kind: 'action-step', at: instant(0), action: 'release', step })

describe('the console', () => {
  it.each<[string, ActionStepData, string]>([
    ['is being healed', { is: 'heal-requested' }, 'action release: healing'],
    ['is healed', { is: 'healed' }, 'action release: healed'],
    ['is kept', { is: 'kept' }, 'action release: kept, needs no undo'],
  ])('reports that an action %s', (_, step, text) => {
    expect(told(step)).toBe(text)
  })

  it.each([
    ['undone', 'heal: taint/n-1 undone'],
    ['already-gone', 'heal: taint/n-1 already gone'],
    ['kept', 'heal: taint/n-1 kept'],
    ['completed', 'heal: taint/n-1 completed, because there was no way back'],
  ] as const)('says of a later heal that the change is %s', (outcome, text) => {
    const record = { kind: 'undo-done', at: instant(0), id: 'taint/n-1', outcome } as const
    expect(uncoloured({ ...record, by: 'heal' })).toBe(text)
    expect(uncoloured({ ...record, by: 'run' })).toBeUndefined()
  })

  it('says where each runner of a load is, and how it ended', () => {
    const started = { kind: 'load-started', at: instant(0), zeroAt: instant(0), pid: 0 } as const
    expect(uncoloured({ ...started, instance: 'k6', pid: 7 })).toBe('load runs (k6, pid 7)')
    expect(uncoloured({ ...started, instance: 'runner-1', pod: 'load-1', node: 'node-a' })).toBe(
      'load runs: runner-1 (pod load-1 on node-a)',
    )
    const ended = { kind: 'load-ended', at: instant(9), outcome: 'completed', exitCode: 0, problems: [] } as const
    expect(uncoloured({ ...ended, instance: 'k6' })).toBe('load completed')
    expect(uncoloured({ ...ended, instance: 'runner-1' })).toBe('load of runner-1 completed')
  })

  it('reports how many pods a fault can hit, not how many match its selector', () => {
    const note = '1 of 12 pods in shop (drawn from 3), limit 1'
    const pods = ['shop/web-1', 'shop/web-2', 'shop/web-3']
    const step = { is: 'admitted', pods, candidates: 12, limit: 1, note } as const
    expect(uncoloured({ kind: 'fault-step', at: instant(0), fault: 'kill', step })).toBe(
      `fault kill: admitted, ${note}`,
    )
  })
})
