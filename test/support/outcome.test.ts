import { describe, expect, it } from 'vitest'
import { outcomeOf, type Report, withSecondAttempt } from './outcome.ts'

type File = Report['testResults'][number]

const file = (about: Partial<File>): File => ({
  name: '/home/me/matchday/test/a.test.ts',
  status: 'failed',
  message: '',
  assertionResults: [],
  ...about,
})
const told = (...testResults: File[]) => outcomeOf({ testResults }, '/home/me/matchday')

describe('the end of the whole run', () => {
  it('names each test that failed, with the first line of why', () => {
    const passed = { status: 'passed', fullName: 'adds' }
    const failed = { status: 'failed', fullName: 'subtracts', failureMessages: ['expected 1 to be 2\n    at line 3'] }
    expect(told(file({ assertionResults: [passed, failed] }))).toEqual({
      passed: 1,
      failed: 1,
      named: ['test/a.test.ts: subtracts: expected 1 to be 2'],
      files: ['test/a.test.ts'],
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

  describe('of a file that ran a second time', () => {
    const test = (fullName: string, status: string) => ({ status, fullName, failureMessages: ['timed out'] })
    const other = file({ name: '/home/me/matchday/test/b.test.ts', assertionResults: [test('sends', 'failed')] })
    const first = { testResults: [file({ assertionResults: [test('adds', 'failed')] }), other] }
    const secondly = (...testResults: File[]) =>
      outcomeOf(withSecondAttempt(first, { testResults }), '/home/me/matchday')

    it('has the second result, and the other files keep theirs', () => {
      const passed = file({ status: 'passed', assertionResults: [test('adds', 'passed')] })
      expect(secondly(passed)).toMatchObject({ passed: 1, failed: 1, files: ['test/b.test.ts'] })
    })

    it('fails if a test fails the second time, also another one', () => {
      const failed = file({ assertionResults: [test('adds', 'passed'), test('subtracts', 'failed')] })
      expect(secondly(failed)).toMatchObject({
        passed: 1,
        failed: 2,
        named: ['test/a.test.ts: subtracts: timed out', expect.anything()],
      })
    })

    it('fails if the second run never came to it', () => {
      expect(secondly()).toMatchObject({ passed: 0, failed: 2 })
    })
  })
})
