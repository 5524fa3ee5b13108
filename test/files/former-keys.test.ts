/** Keys that were renamed: a file with the former key means the same, and is told the new one. */
import { describe, expect, it } from 'vitest'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { EVERYTHING, parseNamed } from './stock.ts'

describe('a key under its former name', () => {
  it.each([
    ['backsOff', 'circuitOpens', 26],
    ['herd', 'thunderingHerd', 42],
    ['turns', 'flapping', 72],
    ['wants', 'checks', 76],
  ])('%s is read as %s, with a warning', (former, key, line) => {
    const old = parseNamed(EVERYTHING, { [EVERYTHING]: [[`${key}: `, `${former}: `]] })
    const today = parseNamed(EVERYTHING)
    if (!old.ok || !today.ok) throw new Error('it was refused')
    expect(unplaced(old.value)).toEqual(unplaced(today.value))
    expect(today.warnings).toBeUndefined()
    expect(old.warnings).toMatchObject([{ at: { line }, code: 'deprecated-key' }])
    expect(old.warnings?.[0].problem).toBe(`"${former}" is now called "${key}".`)
  })

  it('is unknown beside the new key', () => {
    const both = parseNamed(EVERYTHING, { [EVERYTHING]: [['flapping: 2', 'flapping: 2, turns: 2']] })
    expect(both.ok ? [] : both.issues.map(({ code }) => code)).toEqual(['unknown-key'])
  })

  it('does not hide other mistakes', () => {
    const broken = parseNamed(EVERYTHING, { [EVERYTHING]: [['thunderingHerd: 30/s', 'herd: 30']] })
    expect(broken.ok ? [] : broken.issues.map(({ code }) => code)).toEqual(['missing-unit', 'deprecated-key'])
  })
})

const unplaced = (rehearsal: Rehearsal): unknown =>
  JSON.parse(JSON.stringify(rehearsal, (key, value) => (key === 'at' ? undefined : value)))
