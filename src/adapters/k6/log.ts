/** k6's stderr, one JSON object per line: written to a file, searched for the zero mark, and summed up as problems. */
import { createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import type { Receipts, ReceivedCell } from '../../domain/deliveries.ts'
import { RECEIPTS_MARK, THRESHOLDS_MARK, ZERO_MARK } from '../../wire/load-plan.ts'

export type K6Log = {
  /** Warnings and errors in the order of their first appearance, equal ones as one with their number. */
  problems(): readonly string[]
  /** What the script told of its thresholds, and whether k6 stopped because of one. */
  thresholds(): { readonly told: string | undefined; readonly aborted: boolean }
  /** Resolves when all output is in the file. */
  readonly closed: Promise<void>
}

/** k6 logs much when a platform is down. This many different messages are reported; the rest is in the file. */
const PROBLEMS_MAX = 20
const PROBLEM_CHARS_MAX = 300
/** k6's message when a threshold with abortOnFail stops it. */
const ABORTED = /at least one has abortOnFail enabled/

/** `onZero` is called with the epoch ms of the plan's time zero, which the scenario logs. `redact` hides what no log may hold. */
export function createK6Log(
  stderr: Readable,
  stdout: Readable,
  file: string,
  onZero: (at: number) => void,
  redact: (text: string) => string = (text) => text,
  onReceipts: (receipts: Receipts) => void = () => undefined,
): K6Log {
  const said = new Map<string, { readonly example: string; count: number }>()
  const sink = createWriteStream(file, { flags: 'a' })
  sink.on('error', (error) => note(`k6's log cannot be written: ${error.message}`))
  const note = (problem: string): void => {
    const kind = problem.replace(/\d+/g, '#')
    const known = said.get(kind)
    if (known) known.count++
    else if (said.size < PROBLEMS_MAX) said.set(kind, { example: problem, count: 1 })
  }
  let told: string | undefined
  let aborted = false
  const hear = (spokenLine: string): void => {
    const line = redact(spokenLine)
    sink.write(`${line}\n`)
    const { level, text } = spoken(line)
    const zero = new RegExp(`^${ZERO_MARK} (\\d+)$`).exec(text)
    if (zero) return onZero(Number(zero[1]))
    if (text.startsWith(`${THRESHOLDS_MARK} `)) {
      told = text.slice(THRESHOLDS_MARK.length + 1)
      return
    }
    if (text.startsWith(`${RECEIPTS_MARK} `)) {
      const receipts = receiptsIn(text.slice(RECEIPTS_MARK.length + 1))
      if (receipts === undefined) note('the receipts of a client could not be read')
      else onReceipts(receipts)
      return
    }
    if (ABORTED.test(text)) aborted = true
    if (level !== 'info' && level !== 'debug') note(text.replace(/\s+/g, ' ').slice(0, PROBLEM_CHARS_MAX))
  }
  const ends = [stderr, stdout].map(
    (stream, index) =>
      new Promise<void>((end) => {
        const lines = createInterface({ input: stream })
        lines.on('line', index === 0 ? hear : (line) => sink.write(`${redact(line)}\n`)).on('close', end)
      }),
  )
  const closed = Promise.all(ends).then(() => new Promise<void>((done) => sink.end(done)))
  return {
    problems: () =>
      [...said.values()].map(({ example, count }) => (count > 1 ? `${example} (${count} times)` : example)),
    thresholds: () => ({ told, aborted }),
    closed,
  }
}

/** Any script may log this word, so a line without the expected shape is not taken as a receipt. */
function receiptsIn(text: string): Receipts | undefined {
  const value = parsed(text)
  const { stream, receiver, part, parts, watched, open, cells, again } = value ?? {}
  if (typeof stream !== 'string' || typeof receiver !== 'string') return undefined
  if (!isCount(part) || !isCount(parts) || !isCount(watched) || !isCount(again)) return undefined
  if (!Array.isArray(open) || !open.every(isInterval) || !Array.isArray(cells) || !cells.every(isCell)) return undefined
  return { stream, receiver, part, parts, watched, again, open, cells }
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0
const isInterval = (value: unknown): value is readonly [number, number] =>
  Array.isArray(value) && value.length === 2 && value.every((each) => Number.isFinite(each))
const isCell = (value: unknown): value is ReceivedCell =>
  typeof value === 'object' &&
  value !== null &&
  ['fromAt', 'count', 'low', 'high', 'latestMs'].every((field) => Number.isFinite(Reflect.get(value, field)))

/** The level and text of a log line. A line that is not JSON (a panic, an error of the shell) counts as an error. */
export function spoken(line: string): { readonly level: string; readonly text: string } {
  const entry = parsed(line)
  if (entry === undefined) return { level: 'error', text: line }
  const text = [entry.msg, entry.error].filter((part) => typeof part === 'string' && part !== '').join(': ')
  return { level: typeof entry.level === 'string' ? entry.level : 'error', text: text.trim() }
}

function parsed(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}
