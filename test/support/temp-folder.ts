import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'

/** A folder for one test, gone when the test ends, however it ends. Its name is short: unix sockets lie below some of them. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
