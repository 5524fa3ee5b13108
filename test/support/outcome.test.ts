import { describe, expect, it } from 'vitest'
import { outcomeOf, type Report } from './outcome.ts'

const file = (about: Partial<Report['testResults'][number]>): Report['testResults'][number] => ({
  name: '/home/me/matchday/test/a.test.ts',
  status: 'failed',
  message: '',
  assertionResults: [],
  ...about,
})
const told = (...testResults: Report['testResults'][number][]) =>
  outcomeOf({ numPassedTests: 7, testResults }, '/home/me/matchday')

describe('the end of the whole run', () => {
  it('names each test that failed, with the first line of why', () => {
    const passed = { status: 'passed', fullName: 'adds' }
    const failed = { status: 'failed', fullName: 'subtracts', failureMessages: ['expected 1 to be 2\n    at line 3'] }
    expect(told(file({ assertionResults: [passed, failed] }))).toEqual({
      passed: 7,
      failed: 1,
      named: ['test/a.test.ts: subtracts: expected 1 to be 2'],
    })
  })

  it('counts the tests that a failed hook withheld as failed, although vitest says skipped', () => {
    const withheld = ['one', 'two'].map((fullName) => ({ status: 'skipped', fullName }))
    expect(told(file({ assertionResults: withheld }))).toMatchObject({
      failed: 2,
      named: [expect.stringContaining('one: could not run'), expect.stringContaining('two: could not run')],
    })
  })

  it('counts a file that could not be read as one failure', () => {
    const { failed, named } = told(file({ message: 'Unexpected token\nmore' }))
    expect({ failed, named }).toEqual({ failed: 1, named: ['test/a.test.ts: Unexpected token'] })
  })

  it('leaves tests alone that are skipped on purpose in a file that passed', () => {
    const skipped = { status: 'skipped', fullName: 'needs IPv6' }
    expect(told(file({ status: 'passed', assertionResults: [skipped] }))).toMatchObject({ failed: 0, named: [] })
  })
})
