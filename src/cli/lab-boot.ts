/** Boots the lab with a workload in it, for `lab up` and `run --lab`, with a line of progress for each stage. */
import { EnvironmentError } from '../controller/ports.ts'
import { buildImages } from '../lab/images/build.ts'
import { renderImages, requireImages } from '../lab/images/render.ts'
import { stageRunners } from '../lab/images/runners.ts'
import { stageKarpenter } from '../lab/karpenter/images.ts'
import {
  applyKarpenter,
  KARPENTER_NAMESPACE,
  type KarpenterTools,
  untilKarpenterServes,
} from '../lab/karpenter/install.ts'
import { stageKeda } from '../lab/keda/images.ts'
import { applyKeda, hasKeda, KEDA_NAMESPACE, type KedaTools, needsKeda, untilKedaServes } from '../lab/keda/install.ts'
import {
  type LabHandle,
  type LabState,
  labPaths,
  labUp,
  type NetworkChoice,
  type Place,
  requireFreePlace,
} from '../lab/lab.ts'
import { applyManifests } from '../lab/workload/apply.ts'
import { namespacesOf, untilReady } from '../lab/workload/deploy.ts'
import { untilPlugInsServe } from '../lab/workload/plug-ins.ts'
import type { Manifest } from '../lab/workload/render.ts'
import { readWorkload } from '../lab/workload/workload.ts'
import { renderedManifests } from './lab-workload.ts'
import { onStderr, say, term } from './terminal.ts'
import { kedaTools, labTools } from './tools.ts'

/** What runners of a load need in a lab. `k6`: the program. */
export type LabRunners = { readonly k6: string; readonly namespace: string }

export type LabChoice = {
  /** A folder with a workload.yaml; without one, only the images that every lab has. */
  readonly workload?: string
  /** Manifests instead of the workload's: a folder, a file, or `-` for standard input. */
  readonly manifests?: string
  readonly overlays: readonly string[]
  readonly root?: string
  readonly place?: Place
  /** Also if the workload has no ScaledObject. */
  readonly keda?: boolean
  readonly runners?: LabRunners | undefined
  /** Default: MATCHDAY_LAB_NETWORK. */
  readonly network?: NetworkChoice | undefined
  readonly signal: AbortSignal
}

/**
 * Resolves when every pod of the workload is Ready. After a failure nothing is left running. When aborted, rejects with the signal's reason: Ctrl-C
 * also ends the started programs, and their errors are then not reported as failures.
 */
export async function bootLab(choice: LabChoice): Promise<LabHandle> {
  const stop = abortOf(choice.signal)
  try {
    return await Promise.race([boot(choice), stop.promise])
  } catch (error) {
    choice.signal.throwIfAborted()
    throw error
  } finally {
    stop.forget()
  }
}

/** Rejects when aborted, so that callers do not wait for work that cannot be interrupted. */
function abortOf(signal: AbortSignal) {
  const { promise, reject } = Promise.withResolvers<never>()
  promise.catch(() => undefined)
  const abort = () => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  return { promise, forget: () => signal.removeEventListener('abort', abort) }
}

async function boot(given: LabChoice): Promise<LabHandle> {
  // Only there a program that is not Node sees the files that are mounted for it.
  const choice: LabChoice = given.runners === undefined ? given : { ...given, network: 'namespaces' }
  const workload = choice.workload === undefined ? undefined : readWorkload(choice.workload)
  const { images: sources = [], ready = [] } = workload ?? {}
  const place = choice.manifests ?? workload?.manifests
  if (place === undefined) throw new Error('neither a workload nor manifests were chosen')
  await requireFreePlace(choice.place)
  const tools = await labTools(choice.signal, choice.network)
  const startedAt = performance.now()
  const stage = (text: string) =>
    say(term`${onStderr('dim', `${((performance.now() - startedAt) / 1000).toFixed(1).padStart(5)} s`)} lab: ${text}`)
  const paths = labPaths(choice.root)
  const [manifests, images] = await Promise.all([
    renderedManifests(tools.kubectl, place, choice.overlays),
    buildImages({ folder: paths.images, sources, ready, onProgress: stage }),
  ])
  const keda = choice.keda || needsKeda(manifests) ? await kedaTools(choice.signal) : undefined
  if (keda) await stageKeda(paths.images, keda)
  stage(`${sources.length + ready.length + (keda ? 1 : 0)} images ready`)
  choice.signal.throwIfAborted()
  const rendered = renderImages(manifests, images)
  requireImages(rendered)
  // Objects are created seconds before the nodes are ready, so that pods are scheduled as soon as a node is.
  let applied: Promise<void> | undefined
  const lab = await labUp({
    ...(choice.root === undefined ? {} : { root: choice.root }),
    ...(choice.place === undefined ? {} : { place: choice.place }),
    ...(choice.network === undefined ? {} : { network: choice.network }),
    tools,
    signal: choice.signal,
    onApi: (state) => {
      applied = applyAll(state, rendered, keda)
      applied.catch(() => undefined)
    },
    onProgress: (event) => {
      if (event.kind === 'stage') stage(`${event.name} ${(event.ms / 1000).toFixed(1)} s`)
      if (event.kind === 'note') stage(event.text)
    },
  })
  const { network } = lab.state
  if (network?.kind === 'preload' && network.why !== 'chosen')
    stage(`pods get no network namespaces, they are emulated: ${network.why}`)
  try {
    await applied
    let last = ''
    const showOnce = (text: string) => {
      if (text !== last) stage(text)
      last = text
    }
    // Objects without a namespace are applied to `default`.
    const namespaces = [...new Set(['default', ...namespacesOf(rendered)]), ...(keda ? [KEDA_NAMESPACE] : [])]
    await untilReady(lab.state.root, namespaces, showOnce, choice.signal)
    await untilPlugInsServe(lab.state.root, choice.signal)
    if (keda) await untilKedaServes(lab.state.root, choice.signal)
    if (choice.runners) await addRunners(lab.state, choice.runners)
    stage(`chaos and metrics APIs serve${keda ? ', KEDA scales' : ''}`)
    return lab
  } catch (error) {
    await lab.down()
    throw error
  }
}

/** KEDA first: the API server accepts ScaledObjects only after their kind is known. */
async function applyAll(state: LabState, manifests: readonly Manifest[], keda: KedaTools | undefined): Promise<void> {
  if (keda) await applyKeda(state, keda)
  await applyManifests(state.root, manifests)
}

/** Adds what runners of a load need to a running lab. @throws EnvironmentError for one whose pods have no network of their own */
export async function addRunners({ root, network }: LabState, { k6, namespace }: LabRunners): Promise<void> {
  if (network?.kind !== 'namespaces')
    throw new EnvironmentError(
      'runners of a load need a lab whose pods have networks and files of their own, and this one emulates them',
      network === undefined || network.why === 'chosen'
        ? 'matchday lab down, then run again without --network preload and MATCHDAY_LAB_NETWORK.'
        : `use a machine that allows network namespaces; this one refuses them: ${network.why}.`,
    )
  await stageRunners(labPaths(root).images, k6)
  await applyManifests(root, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
}

/**
 * Adds Karpenter to a running lab, or gives it another delay. `nodeDelay`: from a NodeClaim to its Node object, such as 20s. Resolves when it can
 * launch nodes. @throws LabError when the API server refuses, or Karpenter does not serve in time
 */
export async function addKarpenter(
  state: LabState,
  tools: KarpenterTools,
  nodeDelay: string,
  signal: AbortSignal,
): Promise<void> {
  await stageKarpenter(labPaths(state.root).images, tools.program)
  await applyKarpenter(state, tools, nodeDelay)
  await untilReady(state.root, [KARPENTER_NAMESPACE], () => undefined, signal)
  await untilKarpenterServes(state.root, signal)
}

/** Adds KEDA to a running lab, unless it is there. Resolves when it serves. */
export async function addKeda(state: LabState, signal: AbortSignal): Promise<void> {
  if (!(await hasKeda(state.root))) {
    const tools = await kedaTools(signal)
    await stageKeda(labPaths(state.root).images, tools)
    await applyKeda(state, tools)
  }
  await untilReady(state.root, [KEDA_NAMESPACE], () => undefined, signal)
  await untilKedaServes(state.root, signal)
}
