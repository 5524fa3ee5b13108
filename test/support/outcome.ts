/** What vitest's JSON report says, as the last lines of the whole run tell it. */
import { relative } from 'node:path'

export type Outcome = {
  readonly passed: number
  readonly failed: number
  /** One line for each failure: file, test and the first line of its reason. */
  readonly named: readonly string[]
}

/** What this code reads of the report. A file can fail without any of its tests: in a hook, or at import. */
export type Report = {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages?: readonly string[]
    }[]
  }[]
}

export function outcomeOf({ numPassedTests, testResults }: Report, root: string): Outcome {
  const named = testResults.filter(({ status }) => status === 'failed').flatMap((file) => failuresOf(file, root))
  return { passed: numPassedTests, failed: named.length, named }
}

/** Where no test failed, a hook did, and vitest calls the tests after it skipped: they were not, they could not run. */
function failuresOf({ name, message, assertionResults }: Report['testResults'][number], root: string): string[] {
  const file = relative(root, name)
  const failed = assertionResults.filter(({ status }) => status === 'failed')
  if (failed.length > 0)
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages?.[0])}`)
  const withheld = assertionResults.filter(({ status }) => status === 'skipped')
  if (withheld.length === 0) return [`${file}: ${firstLine(message)}`]
  return withheld.map(({ fullName }) => `${file}: ${fullName}: could not run, a hook before it failed`)
}

const firstLine = (text = ''): string => (text.split('\n')[0] ?? '').slice(0, 300)
