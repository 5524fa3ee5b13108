/** The journal cannot be written or read: which file and line, what went wrong, and the next step. Exit code 5. */
export class JournalError extends Error {
  readonly code: JournalErrorCode
  readonly next: string

  constructor(code: JournalErrorCode, problem: string, next: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause })
    this.name = 'JournalError'
    this.code = code
    this.next = next
  }
}

export type JournalErrorCode =
  | 'journal-unwritable'
  | 'journal-unreadable'
  | 'journal-empty'
  | 'journal-not-one'
  | 'journal-format'

/** What the operating system said, in words that name the usual reasons. */
export function because(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = 'code' in error ? String(error.code) : ''
  return reasons[code] ?? error.message
}

const reasons: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full (ENOSPC)',
  EDQUOT: 'the disk quota is used up (EDQUOT)',
  EACCES: 'permission denied (EACCES)',
  EROFS: 'the file system is read-only (EROFS)',
  ENOENT: 'no such file or folder (ENOENT)',
  EISDIR: 'it is a folder (EISDIR)',
  EFBIG: 'the file may not grow further (EFBIG)',
}
