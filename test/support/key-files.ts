/** The files with every key (test/files/good/keys), as a reader of files has them. */
import { readdirSync, readFileSync } from 'node:fs'
import type { Parsed } from '../../src/domain/issue.ts'

const FOLDER = 'test/files/good/keys'
const stored = new Map(readdirSync(FOLDER).map((file) => [file, readFileSync(`${FOLDER}/${file}`, 'utf8')]))
stored.set('shop.ts', 'export default () => {}')

export const keyFiles = { read: (path: string): string | undefined => stored.get(path) }

/** Throws with every issue at its line. */
export function accepted<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value
  throw new Error(parsed.issues.map(({ at, problem }) => `${at.file}:${at.line} ${problem}`).join('\n'))
}
