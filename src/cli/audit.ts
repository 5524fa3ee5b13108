/**
 * Who ran a rehearsal, and with which files: the evidence that an auditor needs. User and host are personal data, so `MATCHDAY_ACTOR` replaces both
 * with another name, or removes them if it is empty.
 */
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { dirname, join, relative } from 'node:path'
import type { Audit } from '../domain/evidence.ts'
import type { Inputs } from './inputs.ts'

export function auditOf({ rehearsal, target }: Inputs, environment: NodeJS.ProcessEnv): Audit {
  const scripts = withImports(rehearsal.load.script)
  const curves = Object.values(rehearsal.load.curves ?? {}).map(({ file }) => file)
  const paths = new Set([
    rehearsal.file,
    target.file,
    ...scripts,
    ...curves,
    // Objectives may stand in OpenSLO files.
    ...rehearsal.slos.map(({ at }) => at.file),
    ...rehearsal.faults.map(({ apply }) => apply),
  ])
  return {
    ...actorOf(environment.MATCHDAY_ACTOR),
    files: [...paths].filter(isFile).map((path) => ({ path: relative(process.cwd(), path), sha256: digestOf(path) })),
  }
}

export function actorOf(named: string | undefined): Pick<Audit, 'user' | 'host'> {
  if (named !== undefined) return named === '' ? {} : { user: named }
  const user = userName()
  return { ...(user === undefined ? {} : { user }), host: hostname() }
}

/** A user id without an entry in the password file has no name (containers). */
function userName(): string | undefined {
  try {
    return userInfo().username
  } catch {
    return process.getuid === undefined ? undefined : `uid ${process.getuid()}`
  }
}

/** `from './lib/x.ts'`, `import './x.js'`, `open('./users.csv')`: k6 resolves them against the importing file. */
const LOCAL = /(?:\bfrom|\bimport|\bopen)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g

/** A script and all local files that it names literally. */
function withImports(script: string): readonly string[] {
  const found = new Set<string>()
  const visit = (path: string) => {
    if (found.has(path) || !isFile(path)) return
    found.add(path)
    if (!/\.[cm]?[jt]s$/.test(path)) return
    for (const [, local = ''] of readFileSync(path, 'utf8').matchAll(LOCAL)) visit(join(dirname(path), local))
  }
  visit(script)
  return [...found]
}

const isFile = (path: string): boolean => existsSync(path) && statSync(path).isFile()
const digestOf = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex')
