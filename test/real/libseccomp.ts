/**
 * libseccomp, which runc links statically. It is C and no Go module: from the system where its headers are installed, else Debian's package.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, globSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { unpackPackages } from './debian-packages.ts'

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
  const unpacked = unpackPackages(folder, [PACKAGE], (aside) => {
    const [library] = globSync(LIBRARY, { cwd: aside })
    if (library !== undefined) writePkgConfig(aside, folder, library)
    return library !== undefined
  })
  return unpacked ? { env: { PKG_CONFIG: join(folder, 'pkg-config') } } : undefined
}

/** cgo asks pkg-config where the library is. The package's own answer is for an installed one. */
function writePkgConfig(aside: string, folder: string, library: string): void {
  const cflags = `-I${join(folder, 'usr/include')}`
  const libs = `-L${join(folder, dirname(library))} -lseccomp`
  const script = join(aside, 'pkg-config')
  writeFileSync(script, `#!/bin/sh\ncase "$*" in *--cflags*) echo '${cflags}' ;; *) echo '${libs}' ;; esac\n`)
  chmodSync(script, 0o755)
}
