import { describe, expect, it } from 'vitest'
import { BadInput } from '../../src/cli/failure.ts'
import { readInputs, readTarget, usualTargetPath } from '../../src/cli/inputs.ts'

const STOCK = 'scenarios/psp-down-at-peak.rehearsal.yaml'
const LAB = 'scenarios/targets/lab.yaml'

function codesOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof BadInput)) throw error
    return error.issues.map(({ at, code }) => `${at.file} ${code}`)
  }
}

describe('the files of a command', () => {
  it.each<[string, () => unknown, readonly string[]]>([
    ['fit', () => readInputs(STOCK, 'lab'), []],
    ['are not there', () => readInputs('scenarios/none.yaml', 'lab'), ['scenarios/none.yaml file-missing']],
    ['can not be read', () => readInputs(STOCK, 'lab', 'scenarios'), ['scenarios file-unreadable']],
    ['lie below a file', () => readInputs(STOCK, 'lab', `${LAB}/x`), [`${LAB}/x file-missing`]],
    ['are of another context', () => readTarget('staging-eu', LAB), [`${LAB} target-of-another-context`]],
    ['are looked for by the context', () => readTarget('a/b'), ['scenarios/targets/a-b.yaml file-missing']],
  ])('%s', (_, read, codes) => {
    expect(codesOf(read)).toEqual(codes)
  })

  it('have a name that every context can have', () => {
    expect(usualTargetPath('arn:aws:eks:eu/prod')).toBe('scenarios/targets/arn-aws-eks-eu-prod.yaml')
  })
})
