// State that survives kill -9: written to a temporary file and renamed, so that a reader finds the old or the new text, never half of one.
import { chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs'

export function writeState(path: string, value: unknown, mode: number): void {
  const aside = `${path}.${process.pid}`
  writeFileSync(aside, JSON.stringify(value), { mode })
  // The umask reduces the mode of writeFileSync, but pods of other users must be able to read their file.
  chmodSync(aside, mode)
  renameSync(aside, path)
}

/** Undefined when the file does not exist. @throws Error naming the file when it is not JSON */
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
