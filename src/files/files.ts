/** Parsers are pure: the caller reads the files for them. */
import { dirname, join } from 'node:path/posix'
import type { SourcePoint } from '../domain/issue.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Report } from './report.ts'

/** `read` returns the text, or undefined if the file does not exist. It throws if the file exists but cannot be read or is too large. */
export type Files = { read(path: string): string | undefined }

/** The message contains the size and the limit. */
export class FileTooLarge extends Error {}

/** Resolves a path against the file `from` that names it. */
export const relativeTo = (from: string, path: string): string =>
  path.startsWith('/') ? path : join(dirname(from), path)

/** The text, or undefined; then the issue is reported at the place that names the file. */
export function readText(
  files: Files,
  path: string,
  namedAt: SourcePoint,
  what: string,
  report: Report,
): string | undefined {
  try {
    const text = files.read(path)
    if (text === undefined)
      report(
        namedAt,
        'file-missing',
        `${what} ${path} does not exist.`,
        'check the path; it counts from the file that names it.',
      )
    return text
  } catch (error) {
    const reason = messageOf(error)
    const [code, next] =
      error instanceof FileTooLarge
        ? (['file-too-large', 'is it the right file?'] as const)
        : (['file-unreadable', 'is it a file, and may you read it?'] as const)
    report(namedAt, code, `${what} ${path} can't be read: ${reason}.`, next)
    return undefined
  }
}

/** A point that means the whole file. */
export const wholeFile = (file: string): SourcePoint => ({ file, line: 0, column: 0 })
