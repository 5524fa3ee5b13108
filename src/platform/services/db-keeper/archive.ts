/**
 * The archive of the log (WAL), on a volume that survives the database: `base` is the newest base backup, `wal` has each segment since it began, and the
 * history of each timeline. Before the first base backup the log is not archived, because nothing could be restored from it.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { backUp } from './seed.ts'

export type Archive = {
  /** Where the volume is mounted. */
  readonly folder: string
  /** A segment that is not full is archived after this time, in seconds. */
  readonly timeoutS: number
  /** Seeded defect: the archive command says yes and archives nothing. */
  readonly isSilent: boolean
  /** Seeded defect: histories of timelines are not archived, so that no copy finds its way past a failover. */
  readonly keepsHistory: boolean
}

export const baseOf = (folder: string): string => join(folder, 'base')
const walOf = (folder: string): string => join(folder, 'wal')

/** Where programs that are not Node find the volume: in the lab they may see it below the root of their container. */
const shellFolder = (folder: string): string => `"\${MATCHDAY_ROOT:-}${folder}/wal"`

/**
 * Members share the volume, and a standby archives too (`always`): what a primary had not archived when it died would be missing. So a
 * segment that is there must be the same one; another one is an error, and is never overwritten. A copy is renamed when it is whole.
 */
export function archiveParameters(
  pod: string,
  { folder, timeoutS, isSilent, keepsHistory }: Archive,
): Readonly<Record<string, string>> {
  const steps = [
    `wal=${shellFolder(folder)}`,
    'test -d "$wal" || exit 0',
    ...(isSilent ? ['exit 0'] : []),
    ...(keepsHistory ? [] : ['case %f in *.history) exit 0;; esac']),
    'if test -f "$wal/%f.gz"; then gzip -dc "$wal/%f.gz" | cmp -s - "%p"; exit $?; fi',
    `gzip -1c "%p" >"$wal/%f.of-${pod}" && mv "$wal/%f.of-${pod}" "$wal/%f.gz"`,
  ]
  return { archive_mode: 'always', archive_timeout: `${timeoutS}s`, archive_command: steps.join('; ') }
}

/** What brings a segment back. It fails for one that the archive does not have: that is how a recovery finds the end. */
export const restoreCommand = (folder: string): string =>
  `wal=${shellFolder(folder)}; test -f "$wal/%f.gz" && gzip -dc "$wal/%f.gz" >"%p"`

/** From now on the log is archived. Then a new base replaces the one before, and older segments go. */
export async function takeBase(url: string, folder: string): Promise<{ readonly from: string }> {
  mkdirSync(walOf(folder), { recursive: true, mode: 0o700 })
  await backUp(url, baseOf(folder))
  const from = firstSegment(readFileSync(join(baseOf(folder), 'backup_label'), 'utf8'))
  for (const name of readdirSync(walOf(folder))) if (isOlder(name, from)) rmSync(join(walOf(folder), name))
  return { from }
}

export const hasBase = (folder: string): boolean => existsSync(join(baseOf(folder), 'backup_label'))

/** `START WAL LOCATION: 0/9000028 (file 000000010000000000000009)`. */
export function firstSegment(label: string): string {
  const [, file] = /^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)/m.exec(label) ?? []
  if (file === undefined) throw new Error('the backup label does not say where its log begins')
  return file
}

/** The first 8 of 24 digits are the timeline. Segments continue to count across timelines. */
export const isOlder = (name: string, from: string): boolean =>
  /^[0-9A-F]{24}\b/.test(name) && name.slice(8, 24) < from.slice(8)
