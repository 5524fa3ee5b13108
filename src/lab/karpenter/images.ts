import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { addImages } from '../images/image-index.ts'
import { digestOf, stageFile, stageVersion, versionFolder } from '../images/stage.ts'
import { instanceTypes } from './instance-types.ts'

const NAME = 'matchday/karpenter'
const LAUNCHER = join(import.meta.dirname, 'run.sh')
// The user of Karpenter's own image.
const USER = 65_532
const EVERYBODY_READS = 0o644

/** Adds Karpenter's program to the image store. A running lab finds it at once. */
export async function stageKarpenter(folder: string, program: string): Promise<void> {
  const { size, mtimeMs } = statSync(program)
  const types = instanceTypes()
  const digest = digestOf(NAME, readFileSync(LAUNCHER), types, `${program} ${size} ${mtimeMs}`)
  const at = versionFolder(NAME, digest)
  await stageVersion(join(folder, at), (aside) => {
    stageFile(program, join(aside, 'karpenter'))
    stageFile(LAUNCHER, join(aside, 'run.sh'))
    writeFileSync(join(aside, 'instance-types.json'), types, { mode: EVERYBODY_READS })
  })
  addImages(folder, {
    [NAME]: {
      digest,
      kind: 'native',
      folder: at,
      entrypoint: ['/bin/sh', '$IMAGE/run.sh', '$IMAGE'],
      user: USER,
      sizeBytes: size,
    },
  })
}
