import { parseArgs } from 'node:util'
import { messageOf } from '../../../src/domain/unknown.ts'
import { sliceMs } from '../../support/slices.ts'

export const HELP = `Runs upstream's conformance suites against a lab: specs of Kubernetes (e2e.test) and of the CRI (critest).

usage: npm run conformance -- [--networking preload|namespaces] [--only e2e|others|critest] [--focus REGEX] [--resume [--since COMMIT]]
                              [--for 50m] [--at-once N] [--list] [--page]

  --networking KIND  the pod network of the lab (default: both, one after the other)
  --only SUITE       e2e: the specs about workloads; others: all other [Conformance] specs that are not [Serial]; critest (default: all three, but
                     others with namespaces only)
  --focus REGEX      only specs whose name matches
  --resume           leave out specs that were measured
  --since COMMIT     with --resume: a spec counts as measured only if it was measured at this commit or a later one
  --for 50m          begin no spec after this time
  --at-once N        so many specs of Kubernetes at the same time (default 4); one that fails for no known reason then runs once more, alone
  --list             print the specs that would run, and run none
  --page             write the page from what was measured before, and run none

The first time, both suites are built from Go modules (some twelve minutes of one core). Results are kept in test/conformance/kubernetes/measured.json
the moment a spec ends, and docs/conformance.md is made from them. The output of specs that fail is kept in reports/conformance. Ctrl-C stops the lab
and keeps what was measured.

Exit codes: 0 no spec failed that is not a known exception; 1 one did, or could not be run; 2 usage; 4 interrupted; 5 the environment.

examples:
  npm run conformance
  npm run conformance -- --networking namespaces --only others --resume --for 50m
  npm run conformance -- --focus 'StatefulSet|PreStop' --networking preload
  npm run conformance -- --only critest --list`

export type Networking = 'namespaces' | 'preload'
export const NETWORKINGS: readonly Networking[] = ['namespaces', 'preload']

export const SUITES = ['e2e', 'others', 'critest'] as const
export type Suite = (typeof SUITES)[number]

export type Flags = {
  readonly does: 'help' | 'list' | 'page' | 'run'
  readonly networkings: readonly Networking[]
  readonly only?: Suite
  readonly focus: RegExp
  readonly resume: boolean
  readonly since?: string
  readonly forMs: number
  readonly atOnce: number
}

const OPTIONS = {
  networking: { type: 'string' },
  only: { type: 'string' },
  focus: { type: 'string', default: '' },
  resume: { type: 'boolean', default: false },
  since: { type: 'string' },
  for: { type: 'string' },
  'at-once': { type: 'string', default: '4' },
  list: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** The flags, or all problems with them. */
export function flagsOf(args: readonly string[]): Flags | { readonly problems: readonly string[] } {
  const problems: string[] = []
  const say = (problem: string) => void problems.push(problem)
  const values = valuesOf(args, say)
  if (values === undefined) return { problems }
  const networking = oneOf('--networking', values.networking, NETWORKINGS, say)
  const only = oneOf('--only', values.only, SUITES, say)
  if (values.since !== undefined && !values.resume) say('--since needs --resume')
  const flags: Flags = {
    does: values.help ? 'help' : values.page ? 'page' : values.list ? 'list' : 'run',
    networkings: networking === undefined ? NETWORKINGS : [networking],
    ...(only === undefined ? {} : { only }),
    focus: regexOf(values.focus, say),
    resume: values.resume,
    ...(values.since === undefined ? {} : { since: values.since }),
    forMs: values.for === undefined ? Number.POSITIVE_INFINITY : durationOf(values.for, say),
    atOnce: wholeOf('--at-once', values['at-once'], say),
  }
  return problems.length > 0 ? { problems } : flags
}

type Say = (problem: string) => void

function valuesOf(args: readonly string[], say: Say) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS }).values
  } catch (error) {
    say(messageOf(error))
    return undefined
  }
}

function oneOf<T extends string>(flag: string, value: string | undefined, known: readonly T[], say: Say) {
  const found = known.find((each) => each === value)
  if (value !== undefined && found === undefined) say(`${flag} takes ${listed(known)}, got ${value}`)
  return found
}

const listed = (words: readonly string[]): string => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`

function regexOf(text: string, say: Say): RegExp {
  try {
    return new RegExp(text)
  } catch (error) {
    say(`--focus takes a regular expression: ${messageOf(error)}`)
    return /(?:)/
  }
}

function durationOf(text: string, say: Say): number {
  const ms = sliceMs(text)
  if (ms === undefined) say(`--for takes a time such as 50m or 2h, got ${text}`)
  return ms ?? 0
}

function wholeOf(flag: string, text: string, say: Say): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) say(`${flag} takes a whole number from 1, got ${text}`)
  return value
}
