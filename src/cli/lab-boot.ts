/** Boots the lab with a workload in it, for `lab up` and `run --lab`, with a line of progress for each stage. */
import { buildImages } from '../lab/images/build.ts'
import { renderImages } from '../lab/images/render.ts'
import { type LabHandle, labPaths, labUp } from '../lab/lab.ts'
import { applyManifests, clientOf, namespacesOf, untilReady } from '../lab/workload/deploy.ts'
import { untilPlugInsServe } from '../lab/workload/plug-ins.ts'
import { renderManifests } from '../lab/workload/render.ts'
import { readWorkload } from '../lab/workload/workload.ts'
import { onStderr, say } from './terminal.ts'
import { labTools } from './tools.ts'

export type LabChoice = {
  readonly workload: string
  readonly overlays: readonly string[]
  readonly root?: string
  readonly signal: AbortSignal
}

/** Resolves when every pod of the workload is Ready. On failure nothing is left running. */
export async function bootLab(choice: LabChoice): Promise<LabHandle> {
  const workload = readWorkload(choice.workload)
  const tools = await labTools(choice.signal)
  const startedAt = performance.now()
  const stage = (text: string) =>
    say(`${onStderr('dim', `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`)} lab: ${text}`)
  const paths = labPaths(choice.root)
  const [manifests, images] = await Promise.all([
    renderManifests(tools.kubectl, workload.manifests, choice.overlays),
    buildImages({ folder: paths.images, sources: workload.images, onProgress: stage }),
  ])
  stage(`${workload.images.length} images ready`)
  const rendered = renderImages(manifests, images)
  // Objects are taken seconds before the nodes are ready, so that pods are scheduled the moment there is a place for them.
  let applied: Promise<void> | undefined
  const lab = await labUp({
    ...(choice.root === undefined ? {} : { root: choice.root }),
    tools,
    signal: choice.signal,
    onApi: (state) => {
      applied = applyManifests(clientOf(state.kubeconfig), rendered)
      applied.catch(() => undefined)
    },
    onProgress: (event) => {
      if (event.kind === 'stage') stage(`${event.name} ${(event.ms / 1000).toFixed(1)} s`)
      if (event.kind === 'note') stage(event.text)
    },
  })
  try {
    await applied
    let last = ''
    const showOnce = (text: string) => {
      if (text !== last) stage(text)
      last = text
    }
    await untilReady(clientOf(lab.kubeconfig), namespacesOf(rendered), showOnce, choice.signal)
    await untilPlugInsServe(clientOf(lab.kubeconfig), choice.signal)
    stage('chaos and metrics APIs serve')
    return lab
  } catch (error) {
    await lab.down()
    throw error
  }
}
