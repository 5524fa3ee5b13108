import { rmSync } from 'node:fs'
import { messageOf } from '../../domain/unknown.ts'
import type { CredentialFiles } from '../control-plane/credentials.ts'
import { type LabPaths, labPaths } from '../machine/paths.ts'
import { ownPidNamespace } from '../machine/pid-namespace.ts'
import { hasOwnProcesses, type LabPhase, type LabState, writeState } from '../machine/state.ts'
import { unmountBelow } from '../pod-network/namespaces.ts'
import { LAB_CONTEXT, METRICS_API_HOST } from '../topology/names.ts'
import { hostOf } from '../topology/place.ts'
import { type Booted, boot } from './boot.ts'
import { claimAddress, claimPlace } from './claim.ts'
import { serveControls } from './control-socket.ts'
import { controlsOf } from './controls.ts'
import { type Crew, createCrew } from './crew.ts'
import { givenDoors, openDoors } from './doors.ts'
import { prepareRoot, removeTransient } from './folders.ts'
import { cleanedUp, killLeftovers } from './leftovers.ts'
import { requireFree } from './listening.ts'
import { kubeletName } from './names.ts'
import { createRoster, type Roster } from './roster.ts'
import type { OwnerEvent, OwnerSpec } from './spec.ts'
import { createStages } from './stages.ts'

export type LifeOptions = {
  readonly emit: (event: OwnerEvent) => void
  readonly stop: (why: string) => void
  readonly signal: AbortSignal
}

type Address = { url: string; port: number; files: CredentialFiles }

/**
 * The life of a lab, from claim to clean-up. Resolves when nothing is left of it. @throws LabError when it cannot be started; also after
 * cleaning up
 */
export async function runLab(spec: OwnerSpec, { emit, stop, signal }: LifeOptions): Promise<void> {
  const paths = labPaths(spec.root)
  const note = (text: string) => {
    console.error(`${new Date().toISOString()} ${text}`)
    emit({ kind: 'note', text })
  }
  const doors = givenDoors()
  const claim = await claimPlace(paths.root, claimAddress(spec.place), doors?.claim, spec.self.pid)
  // A PID namespace is empty at first, and nothing outside can be seen from it: whoever booted the lab has looked there.
  const leftovers = hasOwnProcesses(spec.network) ? 0 : await killLeftovers(paths.root, paths.state)
  const ingress = { host: hostOf(spec.place), port: spec.ingressPort }
  if (!doors) await requireFree(ingress.host, ingress.port)
  if (leftovers > 0) note(cleanedUp(leftovers))
  prepareRoot(paths)

  let phase: LabPhase = 'booting'
  let address: Address | undefined
  const save = () => {
    if (address) writeState(paths.state, describe(spec, paths, address, phase, { crew, roster }))
  }
  const roster = createRoster(spec, () => save())
  const crew = createCrew(paths, save)
  const stages = createStages((stage) => emit({ kind: 'stage', ...stage }))
  const enter = (next: LabPhase) => {
    phase = next
    save()
  }
  const controls = await serveControls(
    paths.ownerSocket,
    controlsOf({
      crew,
      nodes: roster.nodes,
      stop: () => stop('requested over the control socket'),
      status: () => ({ phase, stages: stages.done }),
    }),
  )
  const passages = doors && (await openDoors(doors, ingress.host))
  let booted: Booted | undefined
  try {
    if (!hasOwnProcesses(spec.network)) crew.addOwn('guard', 'owner/guard.ts')
    booted = await boot({
      paths,
      roster,
      tools: spec.tools,
      ingress,
      network: spec.network,
      doors,
      crew,
      stages,
      note,
      signal,
      onApi: (url) => emit({ kind: 'api', url }),
      onAddress: (found) => {
        address = found
        save()
      },
    })
    enter('up')
    emit({ kind: 'up' })
    await aborted(signal)
    note(`stopping: ${messageOf(signal.reason)}`)
  } catch (error) {
    // A stop during the boot is not a failure of the lab.
    if (!signal.aborted) throw error
  } finally {
    enter('stopping')
    await takeDown(
      paths,
      crew,
      roster.nodes.map((node) => kubeletName(node.name)),
      booted,
    )
    unmountBelow(spec.network, paths.root)
    removeTransient(paths)
    passages?.close()
    controls.close()
    claim.release()
  }
}

/**
 * Stops the kubelets first, so that nothing restarts pods; the control plane last, in the reverse order of its start; then every process
 * that still has the lab's mark, including pods.
 */
async function takeDown(paths: LabPaths, crew: Crew, kubelets: string[], booted: Booted | undefined): Promise<void> {
  booted?.cloud.stop()
  const controlPlane = ['kube-scheduler', 'kube-controller-manager', 'kube-apiserver', 'etcd']
  const own = crew.names().filter((name) => ![...kubelets, ...controlPlane, 'guard'].includes(name))
  await crew.stop(kubelets)
  await crew.stop(own)
  booted?.api.close()
  booted?.egress.close()
  for (const name of controlPlane) await crew.stop([name])
  await crew.stop(['guard'])
  await killLeftovers(paths.root, paths.state)
  rmSync(paths.ownerSocket, { force: true })
}

type Staff = { readonly crew: Crew; readonly roster: Roster }

function describe(
  spec: OwnerSpec,
  paths: LabPaths,
  address: Address,
  phase: LabPhase,
  { crew, roster }: Staff,
): LabState {
  const serving = address.files.certificate('metrics-api')
  return {
    version: 1,
    root: paths.root,
    owner: spec.self,
    pidNamespace: ownPidNamespace(),
    place: spec.place,
    startedAt: STARTED_AT,
    phase,
    context: LAB_CONTEXT,
    kubeconfig: paths.kubeconfig,
    apiServer: { url: address.url, port: address.port },
    ingress: { host: hostOf(spec.place), port: spec.ingressPort },
    metricsApi: {
      host: METRICS_API_HOST,
      certificate: serving.certificate,
      key: serving.key,
      authority: address.files.authority,
      frontProxyAuthority: address.files.frontProxyAuthority,
    },
    nodes: roster.nodes.map(({ name, index, zone, pool, address: nodeAddress, podCidr }) => ({
      name,
      index,
      zone,
      pool,
      address: nodeAddress,
      podCidr,
    })),
    components: crew.states(),
    kubectl: spec.tools.kubectl,
    network: spec.network,
    ...(spec.tools.gatewayDefinitions === undefined ? {} : { gatewayDefinitions: spec.tools.gatewayDefinitions }),
  }
}

const STARTED_AT = new Date().toISOString()

function aborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  if (signal.aborted) resolve()
  signal.addEventListener('abort', () => resolve(), { once: true })
  return promise
}
