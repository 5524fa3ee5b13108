import { statSync } from 'node:fs'
import { join } from 'node:path'
import { addImages } from './image-index.ts'
import { digestOf, stageFile, stageVersion, versionFolder } from './stage.ts'

// Load runners use these public images in any cluster. The lab serves them with programs of this machine: its k6, and the Node that every container of
// the lab has on its PATH.
const K6 = 'grafana/k6'
const NODE = 'node'
/** The user of k6's own image. */
const USER = 12_345

/** Adds the images to the store. A running lab finds them at once. */
export async function stageRunners(folder: string, k6: string): Promise<void> {
  const { size, mtimeMs } = statSync(k6)
  const digest = digestOf(K6, k6, `${size} ${mtimeMs}`)
  const at = versionFolder(K6, digest)
  await stageVersion(join(folder, at), (aside) => stageFile(k6, join(aside, 'k6')))
  const nodeDigest = digestOf(NODE, process.version)
  // A kubelet refuses an image without a size.
  const nodeBytes = statSync(process.execPath).size
  const nodeAt = versionFolder(NODE, nodeDigest)
  await stageVersion(join(folder, nodeAt), () => undefined)
  const path = '/usr/local/bin:/usr/bin:/bin'
  addImages(folder, {
    [K6]: {
      kind: 'native',
      user: USER,
      digest,
      folder: at,
      entrypoint: ['$IMAGE/k6'],
      env: { PATH: `$IMAGE:${path}` },
      sizeBytes: size,
    },
    [NODE]: {
      kind: 'node',
      user: USER,
      digest: nodeDigest,
      folder: nodeAt,
      entrypoint: ['$NODE'],
      sizeBytes: nodeBytes,
    },
  })
}
