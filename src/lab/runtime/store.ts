import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../../domain/unknown.ts'
import type { ContainerRecord, SandboxRecord } from './records.ts'

/**
 * The records of one node. Files are replaced atomically, so a killed runtime leaves the old or the new one. They contain secrets, hence
 * mode 0600.
 */
export type RecordStore = {
  saveSandbox(record: SandboxRecord): void
  saveContainer(record: ContainerRecord): void
  forgetSandbox(id: string): void
  forgetContainer(id: string): void
  containerFolder(id: string): string
  load(): { sandboxes: SandboxRecord[]; containers: ContainerRecord[] }
}

export function openStore(folder: string, log: (line: string) => void): RecordStore {
  const sandboxes = join(folder, 'sandboxes')
  const containers = join(folder, 'containers')
  mkdirSync(sandboxes, { recursive: true, mode: 0o700 })
  mkdirSync(containers, { recursive: true, mode: 0o755 })
  const containerFile = (id: string) => join(containers, id, 'record.json')
  return {
    saveSandbox: (record) => replace(join(sandboxes, `${record.id}.json`), record),
    saveContainer: (record) => replace(containerFile(record.id), record),
    forgetSandbox: (id) => rmSync(join(sandboxes, `${id}.json`), { force: true }),
    forgetContainer: (id) => rmSync(join(containers, id), { recursive: true, force: true }),
    containerFolder: (id) => join(containers, id),
    load: () => ({
      sandboxes: readAll<SandboxRecord>(recordFiles(sandboxes), log),
      containers: readAll<ContainerRecord>(readdirSync(containers).map(containerFile), log),
    }),
  }
}

const recordFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => join(folder, name))

function replace(file: string, record: object): void {
  const aside = `${file}.new`
  writeFileSync(aside, JSON.stringify(record), { mode: 0o600 })
  renameSync(aside, file)
}

/** A record that cannot be read is logged and skipped. The kubelet will make the sandbox or container again. */
function readAll<T extends { id: string }>(files: readonly string[], log: (line: string) => void): T[] {
  return files.flatMap((file) => {
    try {
      const record: T = JSON.parse(readFileSync(file, 'utf8'))
      return [record]
    } catch (error) {
      log(`record ${file} cannot be read and is skipped: ${messageOf(error)}`)
      return []
    }
  })
}
