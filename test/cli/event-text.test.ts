import { describe, expect, it } from 'vitest'
import { eventText } from '../../src/cli/event-text.ts'
import type { ActionStepData } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'

const told = (step: ActionStepData): string | undefined =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
  eventText({ kind: 'action-step', at: instant(0), action: 'release', step })?.text.replace(/\u001b\[\d+m/g, '')

describe('the console', () => {
  it.each<[string, ActionStepData, string]>([
    ['is to be taken back', { is: 'heal-requested' }, 'action release: healing'],
    ['has been taken back', { is: 'healed' }, 'action release: healed'],
    ['stays, for nothing is taken back', { is: 'kept' }, 'action release: stays as it is'],
  ])('says of an action that it %s', (_, step, text) => {
    expect(told(step)).toBe(text)
  })
})
