import { chmodSync, cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isRunning } from './build-lock.ts'
import { type GoRun, goFailure, runGo } from './go-command.ts'
import { applyReplacements, CHANGED, type Replacement } from './replacements.ts'
import type { GoModule, Tool } from './tools.ts'

type Context = Pick<GoRun, 'onLine' | 'signal' | 'env'>

/**
 * A folder to build a module's programs in: the committed go.mod, go.sum and sources, and for Kubernetes and KEDA a changed copy of their module.
 * Belongs to this process; `removeWorkFolder` takes it away again.
 */
export async function prepareWorkFolder(
  goModule: GoModule,
  goModules: string,
  cache: string,
  context: Context,
): Promise<string> {
  removeAbandoned(cache)
  const folder = workFolder(cache, goModule)
  removeWorkFolder(folder)
  try {
    cpSync(join(goModules, goModule), folder, { recursive: true })
    const changed = CHANGED[goModule]
    if (changed) await changeModule(folder, changed.path, changed.replacements, context)
    return folder
  } catch (error) {
    removeWorkFolder(folder)
    throw error
  }
}

export const removeWorkFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true })

/** The folder with the source that a program of this work folder is built from: the changed copy, or Go's own, which is read-only. */
export async function sourceOf(tool: Tool, folder: string, context: Context): Promise<string> {
  if (CHANGED[tool.module]) return copiedSource(folder)
  return folderOf(await download(tool.requirement, folder, context))
}

const copiedSource = (folder: string): string => join(folder, 'source')

const workFolder = (cache: string, goModule: GoModule): string => join(cache, 'work', `${goModule}-${process.pid}`)

/** Folders left by builds that were killed. */
function removeAbandoned(cache: string): void {
  const work = join(cache, 'work')
  mkdirSync(work, { recursive: true })
  for (const name of readdirSync(work)) {
    const pid = Number(/-(\d+)$/.exec(name)?.[1])
    if (!isRunning(pid)) rmSync(join(work, name), { recursive: true, force: true })
  }
}

/** Go verifies the download by go.sum. Then the copy is changed and replaces the module. */
async function changeModule(
  folder: string,
  path: string,
  replacements: readonly Replacement[],
  context: Context,
): Promise<void> {
  const copy = copiedSource(folder)
  copyWritable(folderOf(await download(path, folder, context)), copy)
  applyReplacements(copy, replacements)
  await goOrThrow(`replacing ${path}`, ['mod', 'edit', '-replace', `${path}=./source`], folder, context)
}

const download = (path: string, folder: string, context: Context): Promise<string> =>
  goOrThrow(`fetching ${path}`, ['mod', 'download', '-json', path], folder, context)

async function goOrThrow(what: string, parameters: string[], folder: string, context: Context): Promise<string> {
  const result = await runGo({ arguments: parameters, folder, ...context })
  // `go mod download -json` reports a failed module on its standard output.
  if (result.code !== 0) throw goFailure(what, { ...result, stderr: `${result.stderr}\n${result.stdout}` })
  return result.stdout
}

function folderOf(json: string): string {
  const found: unknown = JSON.parse(json)
  if (typeof found === 'object' && found !== null && 'Dir' in found && typeof found.Dir === 'string') return found.Dir
  throw new Error(`go mod download named no folder: ${json}`)
}

/** Go keeps its modules read-only. Tests and their data are not needed for building. */
export function copyWritable(from: string, to: string): void {
  cpSync(from, to, { recursive: true, filter: (source) => !source.endsWith('_test.go') })
  makeWritable(to)
}

function makeWritable(folder: string): void {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeWritable(join(folder, entry.name))
    else if (entry.isFile()) chmodSync(join(folder, entry.name), 0o644)
  }
}
