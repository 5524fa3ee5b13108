// State that survives a kill -9: written aside and renamed, so that a reader finds the old text or the new one, never half of either.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export function writeState(path: string, value: unknown, mode: number): void {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, JSON.stringify(value), { mode })
  // The mode of writeFileSync is cut by the umask; pods of other users must be able to read theirs.
  chmodSync(aside, mode)
  renameSync(aside, path)
}

/** Undefined when the file is not there. @throws Error naming the file when it cannot be understood */
export function readState(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new Error(`${path} is damaged; remove it to start with an empty state`, { cause })
  }
}
