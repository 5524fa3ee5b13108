import { join } from 'node:path'
import { labTools } from '../../../src/cli/tools.ts'
import { buildImages } from '../../../src/lab/images/build.ts'
import { type LabHandle, labPaths, labUp } from '../../../src/lab/lab.ts'
import { suiteImages } from './image.ts'

// The base manifests are some twenty pods.
const NODES = 3

/** A lab with the images that the suite's manifests name. @param echo the suite's backend program */
export async function bootForSuite(echo: string, scratch: string): Promise<LabHandle> {
  const root = join(scratch, 'l')
  const tools = await labTools(new AbortController().signal)
  await buildImages({ folder: labPaths(root).images, sources: [], ready: suiteImages(echo, scratch) })
  return labUp({ root, tools, nodes: NODES })
}
