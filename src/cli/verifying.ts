/** Whether a run's journal is signed with a key, and what follows if not. */
import type { KeyObject } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import type { Evidence, EvidenceDoubted } from '../domain/evidence.ts'
import { instant } from '../domain/units.ts'
import { messageOf } from '../domain/unknown.ts'
import type { EvidenceSeal } from '../domain/verdict.ts'
import type { Journal } from '../journal/journal.ts'
import type { JournalReading } from '../journal/read.ts'
import { type KeyRead, SIGNATURE_FILE, signed, type Verified, verified } from '../journal/signature.ts'
import { BadInput } from './failure.ts'
import { type Complaint, issueOfFlag, type ValueCheck } from './flags.ts'

export type SignatureCheck = {
  /** The last line that the signature covers. */
  readonly lines: number | undefined
  add(record: Evidence, line: number): void
  /** After the last line: why the journal does not match its signature. */
  doubtOf(journal: JournalReading): EvidenceDoubted | undefined
  seal(seal: EvidenceSeal): EvidenceSeal
}

export function signatureIn(folder: string, key: KeyObject): SignatureCheck {
  const found = signatureOf(folder, key)
  let at = instant(0)
  let run = ''
  let unsigned: number | undefined

  const problemOf = (journal: JournalReading): string | undefined => {
    if (!found.ok) return found.problem
    if (journal.seal.kind === 'unchained') return 'it has no hash chain, so a signature has nothing to hold on to'
    if (found.run !== run) return `${SIGNATURE_FILE} signs the run ${found.run}, and this is ${run}`
    if (found.hash !== journal.askedHash) return `line ${found.lines} is not the one that was signed`
    return unsigned === undefined ? undefined : `line ${unsigned} was added after it was signed`
  }
  return {
    lines: found.ok ? found.lines : undefined,
    add(record, line) {
      at = record.at
      if (record.kind === 'run-started' && line === 1) run = record.run
      // `heal` appends what it undid, later and perhaps without the key. That does not change what the run showed.
      if (found.ok && line > found.lines && record.kind !== 'undo-done') unsigned ??= line
    },
    doubtOf(journal) {
      const problem = problemOf(journal)
      return problem === undefined ? undefined : { kind: 'evidence-doubted', at, doubt: 'unsigned', problem }
    },
    seal: (seal) => (found.ok && seal.kind === 'chained' ? { ...seal, signedBy: found.key } : seal),
  }
}

function signatureOf(folder: string, key: KeyObject): Verified {
  try {
    return verified(readFileSync(join(folder, SIGNATURE_FILE), 'utf8'), key)
  } catch {
    return { ok: false, problem: `there is no ${SIGNATURE_FILE}` }
  }
}

/** Signs the journal of a run after its last line. @throws EnvironmentError */
export function writeSignature(path: string, run: string, { head }: Pick<Journal, 'head'>, key: KeyObject): void {
  const { lines, hash } = head
  if (hash === undefined) return
  try {
    writeFileSync(path, `${JSON.stringify(signed(run, { lines, hash }, key), undefined, 2)}\n`)
  } catch (error) {
    const problem = messageOf(error)
    throw new EnvironmentError(`the journal could not be signed: ${problem}`, 'Make room, then judge the run.', error)
  }
}

/** The key named by a flag or variable. @throws BadInput */
export function keyOf(flag: string, path: string | undefined, read: (path: string) => KeyRead): KeyObject | undefined {
  if (path === undefined) return undefined
  const key = read(path)
  if (key.ok) return key.key
  throw new BadInput([issueOfFlag(flag, unusable(path, key.problem))])
}

const unusable = (path: string, problem: string): Complaint => ({
  code: 'key-unusable',
  problem: `${path} ${problem}.`,
  next: 'Make a pair of keys with `openssl genpkey -algorithm ed25519`; docs/how-to/keep-the-evidence.md shows how.',
})

/** Checks a key before anything is touched. */
export const aKey =
  (read: (path: string) => KeyRead): ValueCheck =>
  (path) => {
    const key = read(path)
    return key.ok ? undefined : unusable(path, key.problem)
  }
