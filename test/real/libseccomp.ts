/**
 * libseccomp, which runc links statically. It is C and no Go module: from the system where its headers are installed, else Debian's package, unpacked
 * below the cache and not installed.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const PACKAGE = 'libseccomp-dev'
/** Of what is unpacked; the library is in a folder named after the machine's architecture. */
const LIBRARY = 'usr/lib/*/libseccomp.a'

export type Libseccomp = {
  /** Environment variables for `go build`. */
  readonly env: Readonly<Record<string, string>>
}

/** Undefined: it is not installed, and it could not be fetched below `cache` either. */
export function libseccomp(cache: string): Libseccomp | undefined {
  if (spawnSync('pkg-config', ['--exists', 'libseccomp']).status === 0) return { env: {} }
  const folder = join(cache, PACKAGE)
  if (!existsSync(folder) && !unpackPackage(folder)) return undefined
  return { env: { PKG_CONFIG: join(folder, 'pkg-config') } }
}

/** Whole or not at all: it appears under its name when everything is there. */
function unpackPackage(folder: string): boolean {
  const aside = `${folder}.${process.pid}`
  mkdirSync(aside, { recursive: true })
  try {
    if (spawnSync('apt-get', ['download', PACKAGE], { cwd: aside }).status !== 0) return false
    const [file] = globSync(join(aside, '*.deb'))
    if (file === undefined || spawnSync('dpkg', ['-x', file, aside]).status !== 0) return false
    const [library] = globSync(LIBRARY, { cwd: aside })
    if (library === undefined) return false
    writePkgConfig(aside, folder, library)
    renameSync(aside, folder)
    return true
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

/** cgo asks pkg-config where the library is. The package's own answer is for an installed one. */
function writePkgConfig(aside: string, folder: string, library: string): void {
  const cflags = `-I${join(folder, 'usr/include')}`
  const libs = `-L${join(folder, dirname(library))} -lseccomp`
  const script = join(aside, 'pkg-config')
  writeFileSync(script, `#!/bin/sh\ncase "$*" in *--cflags*) echo '${cflags}' ;; *) echo '${libs}' ;; esac\n`)
  chmodSync(script, 0o755)
}
