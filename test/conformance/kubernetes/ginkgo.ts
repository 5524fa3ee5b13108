/** Runs one spec of a suite that is built with ginkgo, and reads its JSON report. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, existsSync, readFileSync, rmSync } from 'node:fs'
import { promisify } from 'node:util'
import { z } from 'zod'
import { focusOn, isSlow } from './selection.ts'

const entry = z.object({
  ContainerHierarchyTexts: z.array(z.string()).nullable(),
  LeafNodeText: z.string(),
  LeafNodeType: z.string(),
  State: z.string(),
  RunTime: z.number(),
  Failure: z.object({ Message: z.string() }).optional(),
})
const report = z.array(z.object({ SpecReports: z.array(entry).nullable() }))

type Entry = z.infer<typeof entry>

/** `unrun`: it did not begin, because the suite itself failed or has no such spec. */
export type SpecResult =
  | { readonly kind: 'passed'; readonly seconds: number }
  | { readonly kind: 'failed'; readonly seconds: number; readonly message: string }
  | { readonly kind: 'unrun'; readonly message: string }

export const entriesOf = (text: string): Entry[] =>
  report.parse(JSON.parse(text)).flatMap(({ SpecReports }) => SpecReports ?? [])

export const nameOf = ({ ContainerHierarchyTexts, LeafNodeText }: Entry): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ')

/** Of a report in which only one spec was wanted. */
export function resultOf(entries: readonly Entry[], limitS = LIMIT_S): SpecResult {
  const spec = entries.find(({ LeafNodeType, State }) => LeafNodeType === 'It' && !isIdle(State))
  if (spec === undefined) {
    const broken = entries.find(({ Failure }) => Failure !== undefined)?.Failure
    return { kind: 'unrun', message: broken === undefined ? 'the suite has no such spec' : shortened(broken.Message) }
  }
  const seconds = Math.round(spec.RunTime / 1e9)
  if (spec.State === 'passed') return { kind: 'passed', seconds }
  // A spec that skips itself says why in the same place.
  const said = shortened(spec.Failure?.Message ?? '')
  if (spec.State === 'interrupted') return { kind: 'unrun', message: 'interrupted' }
  return {
    kind: 'failed',
    seconds,
    message: spec.State === 'timedout' ? `took longer than ${limitS} s; ${said}` : said,
  }
}

const isIdle = (state: string): boolean => state === 'skipped' || state === 'pending'

const MESSAGE_CHARACTERS_MAX = 240

/** Addresses of memory, folders of the lab, names of users and lengths of dumps differ from run to run, and mean nothing to a reader. */
function shortened(message: string): string {
  const line = message
    .replace(/\s+/g, ' ')
    .replace(/0x[0-9a-f]{6,}/g, '0x…')
    .replace(/\b(uid|gid|groups)=(\d+)\([^)]*\)/g, '$1=$2')
    .replace(/\/(tmp|home|root)\/[\w./-]*/g, '(path)')
    .trim()
  return line.length > MESSAGE_CHARACTERS_MAX ? `${line.slice(0, MESSAGE_CHARACTERS_MAX)}…` : line
}

export type Command = readonly [program: string, ...words: string[]]

/** The limits for a spec. ginkgo then cleans up and reports; a suite that does not is killed. */
const LIMIT_S = 400
const SLOW_LIMIT_S = 900
const CLEANUP_S = 60

export type SpecRun = {
  readonly command: Command
  readonly name: string
  /** For its report; removed. */
  readonly scratch: string
  /** Gets the whole output. */
  readonly log: string
  readonly signal: AbortSignal
}

let runs = 0

/** @throws the signal's reason when aborted */
export async function runSpec({
  command: [program, ...words],
  name,
  scratch,
  log,
  signal,
}: SpecRun): Promise<SpecResult> {
  signal.throwIfAborted()
  const limitS = isSlow(name) ? SLOW_LIMIT_S : LIMIT_S
  const file = `${scratch}/spec-${runs++}.json`
  const own = [
    `-ginkgo.focus=${focusOn(name)}`,
    `-ginkgo.json-report=${file}`,
    '-ginkgo.no-color',
    `-ginkgo.timeout=${limitS}s`,
  ]
  const child = spawn(program, [...words, ...own], { cwd: scratch, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = createWriteStream(log)
  child.stdout.pipe(output, { end: false })
  child.stderr.pipe(output, { end: false })
  const kill = () => child.kill('SIGKILL')
  const killedAfterS = limitS + CLEANUP_S
  const timer = setTimeout(kill, killedAfterS * 1000)
  signal.addEventListener('abort', kill, { once: true })
  try {
    const [, killedBy] = await once(child, 'close')
    signal.throwIfAborted()
    if (existsSync(file)) return resultOf(entriesOf(readFileSync(file, 'utf8')), limitS)
    if (killedBy === 'SIGKILL')
      return { kind: 'failed', seconds: killedAfterS, message: `did not end within ${killedAfterS} s` }
    return { kind: 'unrun', message: `the suite wrote no report; see ${log}` }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', kill)
    await promisify(output.end.bind(output))()
    rmSync(file, { force: true })
  }
}
