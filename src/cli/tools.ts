/** The programs that matchday uses but does not contain, found or built by the toolchain with occasional progress lines. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EnvironmentError } from '../controller/ports.ts'
import { type LabTools, type NetworkChoice, networkChoice } from '../lab/lab.ts'
import { gigabytes } from '../toolchain/disk.ts'
import { gatewayDefinitions } from '../toolchain/gateway-definitions.ts'
import {
  existingTool,
  KEDA_TOOLS,
  LAB_TOOLS,
  type ResolvedTool,
  resolveAll,
  ToolchainError,
  type ToolName,
  type ToolProgress,
} from '../toolchain/toolchain.ts'
import { isInteractive, onStderr, say, showProgressLines, term } from './terminal.ts'

/** The report of a recorded run, which a checkout has and the package has not. */
const EXAMPLE = join('reports', 'example')

/** A build reports every second. A log gets a line now and then, a terminal one line that is updated. */
const QUIET_MS = 15_000

function telling(): (event: ToolProgress) => void {
  let saidAt = Number.NEGATIVE_INFINITY
  return (event) => {
    const text = term`${onStderr('dim', 'toolchain')} ${progressText(event)}`
    const passing = event.kind === 'building' || event.kind === 'waiting'
    if (isInteractive()) showProgressLines(passing ? [text] : [])
    if (passing && (isInteractive() || performance.now() - saidAt < QUIET_MS)) return
    if (event.kind === 'found' && event.source === 'cache' && !isInteractive()) return
    saidAt = performance.now()
    say(text)
  }
}

function progressText(event: ToolProgress): string {
  switch (event.kind) {
    case 'found':
      return `${event.tool} ${event.version} (${event.source}: ${event.path})`
    case 'waiting':
      return `waiting for process ${event.holderPid}, which builds too (${inSeconds(event.elapsedMs)})`
    case 'planned':
      return plannedText(event, existsSync(EXAMPLE))
    case 'building':
      return `building ${event.tool}: ${event.packages} packages, ${event.doing} (${inSeconds(event.elapsedMs)}${leftText(event.leftMs)})`
    case 'built':
      return `${event.tool} ${event.version} built in ${inSeconds(event.elapsedMs)}`
    case 'kept':
      return `${gigabytes(event.compiledBytes)} of compiled packages are kept for later builds; remove them: matchday toolchain clean`
  }
}

/** Before the first build: what, how long, how much disk, and what to look at meanwhile if it takes long. */
export function plannedText(event: ToolProgress & { readonly kind: 'planned' }, hasExample: boolean): string {
  const { tools, expectedMs, cores, isWarm, neededBytes, freeBytes } = event
  const what = tools.length === 1 ? tools[0] : `${tools.length} programs`
  const about = isWarm ? 'at most about' : 'about'
  const time = expectedMs === undefined ? '' : `${about} ${spanOf(expectedMs)} on ${idleCores(cores)}, `
  const disk = `${about} ${gigabytes(neededBytes)} of disk (${gigabytes(freeBytes)} free)`
  const isLong = expectedMs === undefined || expectedMs >= LONG_MS
  return `building ${what}: ${time}${disk}.${isLong && hasExample ? ` Meanwhile: matchday open ${EXAMPLE}` : ''}`
}

const LONG_MS = 60_000

const idleCores = (cores: number): string => (cores === 1 ? '1 idle core' : `${cores} idle cores`)

export const leftText = (ms: number | undefined): string => (ms === undefined ? '' : `, about ${spanOf(ms)} left`)

/** Seconds in tens, from a minute and a half on in minutes: an estimate is no better. */
function spanOf(ms: number): string {
  if (ms < 90_000) return `${Math.max(10, Math.round(ms / 10_000) * 10)} s`
  return `${Math.round(ms / 60_000)} minutes`
}

const inSeconds = (ms: number): string => `${Math.round(ms / 1000)} s`

export const findTools = <N extends ToolName>(
  names: readonly N[],
  signal: AbortSignal,
): Promise<Record<N, ResolvedTool>> => resolveAll(names, { onProgress: telling(), signal })

export const findTool = async (name: ToolName, signal: AbortSignal): Promise<ResolvedTool> =>
  (await findTools([name], signal))[name]

/** Paths by name, in the form that the lab takes. labnet only for a lab that may have network namespaces. @throws ToolchainError */
export async function labTools(signal: AbortSignal, network: NetworkChoice = networkChoice()): Promise<LabTools> {
  const found = await findTools(LAB_TOOLS, signal)
  const labnet = await labnetFor(network, signal)
  const definitions = await definitionsOrNone(signal)
  return {
    ...(definitions === undefined ? {} : { gatewayDefinitions: definitions }),
    etcd: found.etcd.path,
    'kube-apiserver': found['kube-apiserver'].path,
    'kube-controller-manager': found['kube-controller-manager'].path,
    'kube-scheduler': found['kube-scheduler'].path,
    kubelet: found.kubelet.path,
    kubectl: found.kubectl.path,
    ...(labnet === undefined ? {} : { labnet }),
  }
}

/** With `auto`, a labnet that cannot be built (no Go, no module proxy) is no error. One that the user names and that does not serve is. */
async function labnetFor(network: NetworkChoice, signal: AbortSignal): Promise<string | undefined> {
  if (network === 'preload') return undefined
  try {
    return (await findTool('labnet', signal)).path
  } catch (error) {
    if (network !== 'auto' || !(error instanceof ToolchainError) || error.code === 'tool-unusable') throw error
    say(term`${onStderr('yellow', 'note')} pods get no network namespaces: ${error.problem} Next: ${error.next}`)
    return undefined
  }
}

/** On a machine without Go whose other programs are given, the lab still boots, without the Gateway API. */
async function definitionsOrNone(signal: AbortSignal): Promise<string | undefined> {
  const onFetch = (version: string) => say(term`${onStderr('dim', 'toolchain')} fetching the Gateway API ${version}`)
  try {
    return await gatewayDefinitions({ signal, onFetch })
  } catch (error) {
    if (!(error instanceof ToolchainError)) throw error
    say(term`${onStderr('yellow', 'note')} the lab serves no Gateway API: ${error.problem} Next: ${error.next}`)
    return undefined
  }
}

/** KEDA's programs and the folder with its own manifests. Building them takes about ten minutes. */
export async function kedaTools(signal: AbortSignal) {
  const found = await findTools(KEDA_TOOLS, signal)
  const operator = found['keda-operator'].path
  return { operator, adapter: found['keda-adapter'].path, manifests: join(dirname(operator), 'manifests') }
}

/**
 * Karpenter's program and the folders with its definitions. Its build would take the processor from the lab that is up, so it is asked for before.
 * @throws EnvironmentError when it is not built yet
 */
export async function karpenterTools() {
  const found = await existingTool('karpenter')
  if (found === undefined)
    throw new EnvironmentError(
      'Karpenter is not built yet',
      'Build it: matchday toolchain build karpenter. That takes some four minutes of one core, longer beside other work, and a Go module proxy.',
    )
  const beside = (name: string) => join(dirname(found.path), name)
  return { program: found.path, definitions: [beside('definitions'), beside('classes')] }
}
