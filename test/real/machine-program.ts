import { execFileSync } from 'node:child_process'
import { realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { LayerEntry } from '../../src/lab/images/oci/layer.ts'
import { librariesOf } from '../../src/lab/images/oci/libraries.ts'

/** A program on the PATH of this machine for `folder` of an image, with the libraries that it loads. */
export async function machineProgram(name: string, folder: string): Promise<readonly LayerEntry[]> {
  const path = execFileSync('which', [name], { encoding: 'utf8' }).trim()
  const program: LayerEntry = { kind: 'file', path: join(folder, name), source: realpathSync(path), executable: true }
  return [...(await librariesOf(path)), program]
}
