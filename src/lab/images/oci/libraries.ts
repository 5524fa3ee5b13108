import { execFile } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { basename } from 'node:path'
import { promisify } from 'node:util'
import type { LayerEntry } from './layer.ts'

const run = promisify(execFile)

const LISTED_WITHIN_MS = 10_000

/**
 * The shared libraries that a program loads on this machine, with the loader itself, at the paths where it finds them. They go into the image, so that it
 * needs no distribution below it. The loader lists them when it is asked by LD_TRACE_LOADED_OBJECTS, as `ldd` does. A static program has no loader, and
 * would run: none is given here.
 */
export async function librariesOf(program: string, folder?: string): Promise<readonly LayerEntry[]> {
  const env = { LD_TRACE_LOADED_OBJECTS: '1', ...(folder === undefined ? {} : { LD_LIBRARY_PATH: folder }) }
  const { stdout } = await run(program, [], { env, timeout: LISTED_WITHIN_MS })
  return pathsIn(stdout)
    .filter((path) => folder === undefined || !path.startsWith(`${folder}/`))
    .map((path): LayerEntry => ({ kind: 'file', path: path.slice(1), source: realpathSync(path), executable: true }))
}

/** `libm.so.6 => /lib/libm.so.6 (0x…)` or, for the loader, `/lib64/ld-linux-x86-64.so.2 (0x…)`. The kernel's own object has no path. */
export function pathsIn(listing: string): readonly string[] {
  const found = listing.split('\n').map((line) => /(?:=> |^\s*)(\/\S+) \(0x/.exec(line)?.[1])
  const paths = found.filter((path) => path !== undefined)
  const missing = /^\s*(\S+) => not found/m.exec(listing)?.[1]
  if (missing !== undefined) throw new Error(`this machine has no ${missing}`)
  return [...new Map(paths.map((path) => [basename(path), path])).values()].sort()
}
