/** The runs that are asked about: one folder, or the newest that fits below a reports folder. Each is judged from its journal, once. */
import type { KeyObject } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { messageOf } from '../../domain/unknown.ts'
import { readJournal } from '../../journal/read.ts'
import { createFollowedStep, type FollowedStep } from '../../judge/canary/followed.ts'
import { joinControl } from '../../live/control.ts'
import { judgeComparison } from '../comparing.ts'
import { judgeFolder } from '../judging.ts'
import { runFolders } from '../run-folder.ts'
import { endOf, hasEnded } from '../runs.ts'
import { answerOf, ofComparison, ofJudgment, type VerdictAnswer } from './answer.ts'

/**
 * `sinceAt`: only runs that began then or later, in ms since 1970. `rollout`: not the whole run, but the step of this Rollout now; `release`: with the hash
 * of this pod template.
 */
export type VerdictQuery = {
  readonly run?: string
  readonly rehearsal?: string
  readonly sinceAt?: number
  readonly rollout?: string
  readonly release?: string
}

export type ServedRuns = {
  /** Undefined: there is no run of that name. Never throws: a journal that cannot be judged is inconclusive. */
  answer(asked: VerdictQuery, now: number): Promise<VerdictAnswer | undefined>
}

/** `maxAgeMs`: an older newest run says nothing about the release of today. */
export type Serving = { readonly folder: string; readonly maxAgeMs: number; readonly key?: KeyObject }

type Head = { readonly rehearsal: string; readonly startedAt: number; readonly kind: 'run' | 'comparison' | 'capacity' }
type Found = Head & { readonly folder: string }

/** Answers that are kept. A pipeline asks about one or two runs, again and again. */
const KEPT_MAX = 50

export function createServedRuns({ folder, maxAgeMs, key }: Serving): ServedRuns {
  const pinned = existsSync(join(folder, 'journal.ndjson'))
  const heads = new Map<string, Head>()
  const judged = new Map<string, { readonly state: string; readonly answer: Promise<VerdictAnswer> }>()

  const headOf = async (of: string): Promise<Found | undefined> => {
    const head = heads.get(of) ?? (await readHead(of))
    if (head !== undefined) heads.set(of, head)
    return head && { ...head, folder: of }
  }
  const judgedOnce = (found: Found): Promise<VerdictAnswer> => {
    const { size, mtimeMs } = statSync(join(found.folder, 'journal.ndjson'))
    const state = `${size}:${mtimeMs}`
    const known = judged.get(found.folder)
    if (known?.state === state) return known.answer
    const answer = judgedNow(found, key)
    judged.delete(found.folder)
    judged.set(found.folder, { state, answer })
    for (const oldest of judged.keys()) if (judged.size > KEPT_MAX) judged.delete(oldest)
    return answer
  }
  const about = async (found: Found, { rollout, release }: VerdictQuery): Promise<VerdictAnswer> => {
    const of = { run: basename(found.folder), rehearsal: found.rehearsal }
    try {
      if (rollout !== undefined) return await stepNow(found, rollout, release)
      if (await isRunning(found.folder)) return answerOf('running', 'The run is under way.', of)
      return await judgedOnce(found)
    } catch (error) {
      // A folder that is removed while it is read, for example.
      return answerOf('inconclusive', `The run cannot be judged: ${messageOf(error)}.`, of)
    }
  }

  return {
    async answer(asked, now) {
      const { run, rehearsal, sinceAt = 0 } = asked
      const folders = pinned ? [folder] : runFolders(folder)
      if (run !== undefined) {
        const named = folders.find((each) => basename(each) === run)
        const found = named === undefined ? undefined : await headOf(named)
        return found && about(found, asked)
      }
      const found = await newest(folders, headOf, rehearsal)
      const name = rehearsal === undefined ? 'run' : `run of ${rehearsal}`
      if (found === undefined) return answerOf('inconclusive', `There is no ${name} here yet.`)
      const of = { run: basename(found.folder), rehearsal: found.rehearsal }
      if (found.startedAt < sinceAt)
        return answerOf('inconclusive', `The newest ${name} began before the time that was asked for.`, of)
      const answer = await about(found, asked)
      const age = now - (endOf(join(found.folder, 'journal.ndjson')) ?? found.startedAt)
      if (pinned || answer.verdict === 'running' || age <= maxAgeMs) return answer
      return answerOf(
        'inconclusive',
        `The newest ${name} ended ${Math.round(age / 60_000)} minutes ago; it says nothing about a release of today.`,
        of,
      )
    },
  }
}

async function newest(
  folders: readonly string[],
  headOf: (folder: string) => Promise<Found | undefined>,
  rehearsal: string | undefined,
): Promise<Found | undefined> {
  for (const folder of folders) {
    const head = await headOf(folder)
    if (head === undefined || head.kind === 'capacity') continue
    if (rehearsal === undefined || head.rehearsal === rehearsal) return head
  }
  return undefined
}

/** From the first two records. Undefined if the folder has no journal, or none that begins like one. */
async function readHead(folder: string): Promise<Head | undefined> {
  let head: Head | undefined
  try {
    for await (const { record, line } of readJournal(join(folder, 'journal.ndjson'))) {
      if (record.kind === 'run-started') head = { rehearsal: record.rehearsal.name, startedAt: record.at, kind: 'run' }
      if (record.kind === 'session-started' && head !== undefined)
        return { ...head, kind: record.session.kind === 'compare' ? 'comparison' : 'capacity' }
      if (line >= 2) return head
    }
  } catch {
    // Such a folder is passed over; `judge` reports what is wrong with it.
  }
  return head
}

/** A journal without an end whose controller still answers. Sessions of blocks have no controller to ask: their journal grows. */
const GROWS_MS = 60_000

async function isRunning(folder: string): Promise<boolean> {
  const journal = join(folder, 'journal.ndjson')
  if (hasEnded(journal)) return false
  const joined = await joinControl(folder)
  joined?.leave()
  return joined !== undefined || Date.now() - statSync(journal).mtimeMs < GROWS_MS
}

const stepVerdicts = { promote: 'pass', 'roll-back': 'fail', hold: 'running' } as const

/** Only a run under way knows the step: one that is over may have followed another release. */
async function stepNow(
  { folder, rehearsal }: Found,
  rollout: string,
  release: string | undefined,
): Promise<VerdictAnswer> {
  const of = { run: basename(folder), rehearsal }
  if (!(await isRunning(folder))) return answerOf('inconclusive', `No run under way follows Rollout ${rollout}.`, of)
  let followed: FollowedStep | undefined
  for await (const { record, line } of readJournal(join(folder, 'journal.ndjson'))) {
    if (record.kind === 'run-started') followed = createFollowedStep(record.rehearsal, record.target, rollout)
    followed?.add(record, line)
  }
  if (followed === undefined)
    return answerOf('inconclusive', `The rehearsal does not follow Rollout ${rollout} with a gate.`, of)
  const { outcome, note } = followed.decision(release)
  return answerOf(stepVerdicts[outcome], note, of)
}

async function judgedNow({ folder, kind, rehearsal }: Found, key: KeyObject | undefined): Promise<VerdictAnswer> {
  const of = { run: basename(folder), rehearsal }
  if (kind === 'capacity') return answerOf('inconclusive', 'A search for capacity says nothing about a release.', of)
  if (kind === 'comparison' && key !== undefined)
    return answerOf('inconclusive', 'A comparison has no signature that could be verified.', of)
  if (kind === 'comparison') return ofComparison(await judgeComparison(folder))
  return ofJudgment((await judgeFolder(folder, key)).judgment)
}
