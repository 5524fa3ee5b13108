import { createHash } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { isRunning } from './build-lock.ts'
import { replacementsIn } from './replacements.ts'
import { pinnedVersion, type Tool } from './tools.ts'
import { copyWritable } from './work-folder.ts'

/** `$XDG_CACHE_HOME/matchday/toolchain`, by default below ~/.cache. A relative XDG_CACHE_HOME is ignored, as its standard requires. */
export function defaultCacheDirectory(env: NodeJS.ProcessEnv = process.env): string {
  const chosen = env.XDG_CACHE_HOME
  return join(chosen?.startsWith('/') ? chosen : join(homedir(), '.cache'), 'matchday', 'toolchain')
}

/**
 * The flags of every build. Static programs without local paths in them, so that Go's cache works for any checkout. The linker drops debugging data
 * (-s -w), so the compiler does not make it either (-dwarf=false, ADR 72).
 */
export function buildArguments(tool: Tool, version: string): string[] {
  const [major = '', minor = ''] = version.split('.')
  const stamps = ['gitVersion', 'gitMajor', 'gitMinor'].map((key, index) => {
    const value = [`v${version}`, major, minor][index]
    return `-X k8s.io/component-base/version.${key}=${value}`
  })
  const own = tool.requirement === 'k8s.io/kubernetes' ? stamps : []
  const named = (tool.stamps ?? []).map((variable) => `-X ${variable}=${version}`)
  const linker = ['-s', '-w', ...own, ...named].join(' ')
  return ['-trimpath', '-buildvcs=false', '-mod=readonly', '-gcflags=all=-dwarf=false', '-ldflags', linker]
}

/** The folder of a tool's build. Its name holds a digest of all inputs, so that a changed input gives another folder. */
export function cacheFolder(tool: Tool, cacheDirectory: string, goModules: string): string {
  const version = pinnedVersion(tool, goModules)
  return join(cacheDirectory, `${tool.name}-${version}-${inputsDigest(tool, version, goModules)}`)
}

function inputsDigest(tool: Tool, version: string, goModules: string): string {
  const hash = createHash('sha256')
  const add = (name: string, content: string | Buffer) => hash.update(`${name}\0${content.length}\0`).update(content)
  add('target', `${process.platform}/${process.arch}`)
  add('arguments', JSON.stringify([tool.package, ...buildArguments(tool, version)]))
  for (const file of ['go.mod', 'go.sum', ...ownSources(tool, goModules)]) {
    add(file, readFileSync(join(goModules, tool.module, file)))
  }
  const changed = replacementsIn(tool)
  if (changed) add('replacements', JSON.stringify(changed))
  if (tool.carries) add('carries', JSON.stringify(tool.carries))
  return hash.digest('hex').slice(0, 12)
}

/** Go files of the project itself, for a package that lies beside go.mod. */
function ownSources(tool: Tool, goModules: string): string[] {
  if (!tool.package.startsWith('./')) return []
  const folder = tool.package.slice(2)
  return readdirSync(join(goModules, tool.module, folder))
    .filter((name) => name.endsWith('.go'))
    .sort()
    .map((name) => join(folder, name))
}

type Receipt = { readonly version: string; readonly bytes: number }

/** The cached build, or undefined if there is none or its size differs from the verified one. */
export function cachedBuild(tool: Tool, folder: string): { path: string; version: string } | undefined {
  const path = join(folder, tool.name)
  try {
    const receipt: Receipt = JSON.parse(readFileSync(receiptPath(folder), 'utf8'))
    const whole = Object.keys(tool.carries ?? {}).every((name) => existsSync(join(folder, name)))
    return whole && statSync(path).size === receipt.bytes ? { path, version: receipt.version } : undefined
  } catch {
    return undefined
  }
}

/**
 * A temporary place for an unverified build, under the program's own name, because some programs report it. It is in the same folder, so that keeping
 * it is one rename. Partial files of killed builds are removed.
 */
export function placeAside(tool: Tool, folder: string): string {
  mkdirSync(folder, { recursive: true })
  for (const name of readdirSync(folder)) {
    const pid = Number(/^aside-(\d+)$/.exec(name)?.[1])
    if (pid > 0 && !isRunning(pid)) rmSync(join(folder, name), { recursive: true, force: true })
  }
  const aside = join(folder, `aside-${process.pid}`)
  mkdirSync(aside, { recursive: true })
  return join(aside, tool.name)
}

export const removeAside = (aside: string): void => rmSync(dirname(aside), { recursive: true, force: true })

/** Copies a program's data files from its module's source, which may be read-only. Before the receipt, so that a partial copy does not count. */
export function keepCarried(tool: Tool, folder: string, source: string): void {
  for (const [name, from] of Object.entries(tool.carries ?? {})) {
    rmSync(join(folder, name), { recursive: true, force: true })
    copyWritable(join(source, from), join(folder, name))
  }
}

/** Keeps a verified build. The file is flushed before it gets its name. The receipt comes last; without it the build does not count. */
export function keepBuild(tool: Tool, folder: string, aside: string, version: string): string {
  chmodSync(aside, 0o755)
  sync(aside)
  const path = join(folder, tool.name)
  const receipt: Receipt = { version, bytes: statSync(aside).size }
  renameSync(aside, path)
  writeFileSync(`${aside}.receipt`, `${JSON.stringify(receipt)}\n`)
  sync(`${aside}.receipt`)
  renameSync(`${aside}.receipt`, receiptPath(folder))
  sync(folder)
  return path
}

const receiptPath = (folder: string): string => join(folder, 'verified.json')

function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
