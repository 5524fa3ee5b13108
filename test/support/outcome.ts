/** What vitest's JSON report says, as the last lines of the whole run tell it. */
import { relative } from 'node:path'

export type Outcome = {
  readonly passed: number
  readonly failed: number
  /** One line for each failure: file, test and the first line of its reason. */
  readonly named: readonly string[]
  /** The files of these failures, relative to the root. */
  readonly files: readonly string[]
}

/** What this code reads of the report. A file can fail without any of its tests: in a hook, or at import. */
export type Report = {
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

type File = Report['testResults'][number]

export function outcomeOf({ testResults }: Report, root: string): Outcome {
  const files = testResults.filter(({ status }) => status === 'failed')
  const named = files.flatMap((file) => failuresOf(file, root))
  const passed = testResults.flatMap(passedOf).length
  return { passed, failed: named.length, named, files: files.map(({ name }) => relative(root, name)) }
}

/** A report in which the files that ran a second time have their second result. A file that the second report lacks keeps its first. */
export function withSecondAttempt(first: Report, second: Report): Report {
  const again = new Map(second.testResults.map((file) => [file.name, file]))
  return { testResults: first.testResults.map((file) => again.get(file.name) ?? file) }
}

const passedOf = ({ assertionResults }: File) => assertionResults.filter(({ status }) => status === 'passed')

/** Where no test failed, a hook did, and vitest calls the tests after it skipped: they were not, they could not run. */
function failuresOf({ name, message, assertionResults }: File, root: string): string[] {
  const file = relative(root, name)
  const failed = assertionResults.filter(({ status }) => status === 'failed')
  if (failed.length > 0)
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages?.[0])}`)
  const withheld = assertionResults.filter(({ status }) => status === 'skipped')
  if (withheld.length === 0) return [`${file}: ${firstLine(message)}`]
  return withheld.map(({ fullName }) => `${file}: ${fullName}: could not run, a hook before it failed`)
}

const firstLine = (text = ''): string => (text.split('\n')[0] ?? '').slice(0, 300)
