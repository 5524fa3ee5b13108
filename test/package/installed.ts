/** The npm packages as a user gets them: packed from a copy of the checkout, installed by npm in an empty folder. */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string }

type Options = { readonly node?: string; readonly env?: NodeJS.ProcessEnv; readonly timeoutMs?: number }

export type Installed = {
  /** The user's folder, with node_modules. */
  readonly folder: string
  /** Tarballs by package. `lab` is not installed. */
  readonly tarballs: { readonly main: string; readonly lab: string }
  /** The installed command, started with `node` (default: the Node of these tests) in the user's folder. */
  matchday(words: readonly string[], options?: Options): Ended
  remove(): void
}

/** What packing needs of a checkout. Packing changes package.json for a moment, and other tests read that of the checkout. */
const PACKED = [
  'src',
  'scenarios',
  'docs',
  'packaging',
  'package.json',
  'tsconfig.json',
  'LICENSE',
  'NOTICE',
  'README.md',
]

/** `files` is copied into the user's folder. Takes half a minute, most of it npm's. */
export function installPackage(files: string): Installed {
  const scratch = mkdtempSync(join(tmpdir(), 'md-'))
  const checkout = join(scratch, 'checkout')
  const folder = join(scratch, 'team')
  for (const name of PACKED) cpSync(name, join(checkout, name), { recursive: true })
  symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'))
  const main = join(checkout, npm(checkout, 'pack', '--silent'))
  const lab = join(checkout, npm(checkout, 'pack', '--silent', './dist-lab'))
  cpSync(files, folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "name": "team", "private": true, "type": "module" }')
  npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', main)
  return {
    folder,
    tarballs: { main, lab },
    matchday: (words, { node = process.execPath, env = {}, timeoutMs = 60_000 } = {}) =>
      spawnSync(node, [join(folder, 'node_modules/.bin/matchday'), ...words], {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NO_COLOR: '1', ...env },
        timeout: timeoutMs,
      }),
    remove: () => rmSync(scratch, { recursive: true, force: true }),
  }
}

/** What npm says last: a pack says the name of its file. npm tells the scripts that it runs about itself, which must not reach another npm. */
export function npm(folder: string, ...words: string[]): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))
  const said = execFileSync('npm', words, { cwd: folder, encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'pipe'] })
  return said.trim().split('\n').at(-1) ?? ''
}
