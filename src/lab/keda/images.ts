import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { addImages } from '../images/image-index.ts'
import { digestOf, stageFile, stageVersion, versionFolder } from '../images/stage.ts'
import type { KedaTools } from './install.ts'

const NAME = 'matchday/keda'
const LAUNCHER = join(import.meta.dirname, 'run.sh')
// The user of KEDA's own image.
const USER = 65_532

/** Adds KEDA's programs to the image store. A running lab finds them at once. */
export async function stageKeda(folder: string, { operator, adapter }: KedaTools): Promise<void> {
  const programs = [operator, adapter].map((path) => ({ path, stat: statSync(path) }))
  const inputs = programs.map(({ path, stat }) => `${path} ${stat.size} ${stat.mtimeMs}`)
  const digest = digestOf(NAME, readFileSync(LAUNCHER), ...inputs)
  const at = versionFolder(NAME, digest)
  await stageVersion(join(folder, at), (aside) => {
    stageFile(operator, join(aside, 'keda-operator'))
    stageFile(adapter, join(aside, 'keda-adapter'))
    stageFile(LAUNCHER, join(aside, 'run.sh'))
  })
  addImages(folder, {
    [NAME]: {
      digest,
      kind: 'native',
      folder: at,
      entrypoint: ['/bin/sh', '$IMAGE/run.sh', '$IMAGE'],
      user: USER,
      sizeBytes: programs.reduce((sum, { stat }) => sum + stat.size, 0),
    },
  })
}
