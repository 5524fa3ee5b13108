// The agent without the API server: addresses, the shared cluster table, rules and their delivery. It takes Kubernetes objects as
// values, so that it starts before there is an API server, and so that tests can feed it literally.
import { randomUUID } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { NetworkPlugin, Relay, SandboxIdentity, SandboxNetwork } from '../runtime/network-plugin.ts'
import { INGRESS_IP, nativeAddress, nodeAddress } from './addresses.ts'
import { type Allocated, openAllocation } from './allocation.ts'
import { changesBetween, clusterTable } from './cluster-table.ts'
import { claimControl, openControlServer, type PodAnswers, type RuleControl } from './control-server.ts'
import { type Endpoint, emptyTable, type FlowRule, type OutsideEntry, type PodFile } from './messages.ts'
import { distributeRules, type RuledPod } from './mirror.ts'
import type { ClusterObjects } from './objects.ts'
import { openPodChannel } from './pod-channel.ts'
import { openRuleBook } from './rule-book.ts'
import type { NetworkRule } from './rules.ts'
import { type Staged, stagePreload } from './stage.ts'
import { writeState } from './state-file.ts'

export type CoreOptions = {
  /** The lab's root folder. */
  root: string
  log(line: string): void
  /** The Node that runs relays; it must be readable by the pods' users. */
  node?: string
  /** What pods may reach outside the cluster; nothing by default. */
  outside?: OutsideEntry
}

export type AgentCore = NetworkPlugin &
  RuleControl & {
    relayFor(pod: SandboxIdentity, net: SandboxNetwork): Relay
    /** What the API server holds now. Cheap to call often: changes are gathered for some milliseconds. */
    setObjects(objects: ClusterObjects, apiServer?: Endpoint): void
    stop(): Promise<void>
  }

export const OUTBOUND_ANNOTATION = 'matchday.dev/outbound'

// A rollout changes dozens of objects within a second; pods see them at most this much later.
const GATHER_MS = 20
// Pods try every 200 ms to come back to an agent that restarted. Until all had the chance, "every process has acknowledged" cannot be said.
const SETTLE_MS = 1_000
const UID = /^[A-Za-z0-9._-]{1,128}$/

/** The ingress is a peer with rules of its own, but no sandbox. */
const INGRESS = {
  uid: 'ingress',
  namespace: 'ingress',
  name: 'ingress',
  ip: INGRESS_IP,
  nodeIp: nodeAddress(0),
  hostNetwork: true,
}

const NOTHING: ClusterObjects = { services: [], slices: [], pods: [], namespaces: [], policies: [] }

export async function startAgentCore(options: CoreOptions): Promise<AgentCore> {
  const net = join(options.root, 'net')
  mkdirSync(join(net, 'pods'), { recursive: true, mode: 0o755 })
  await claimControl(join(net, 'agent.sock'))
  const staged = await stagePreload(options.root)
  const allocation = openAllocation(net)
  const book = openRuleBook(net)
  const inForce = new Map<string, { version: number; rules: readonly FlowRule[]; written: string }>()
  const epoch = randomUUID()
  let objects = NOTHING
  let apiServer: Endpoint | undefined
  let table = emptyTable()
  let tableNumber = 0
  let gathering: NodeJS.Timeout | undefined
  const settled = Date.now() + (allocation.all().length > 0 ? SETTLE_MS : 0)

  // --- cluster table ---
  const clusterVersion = () => `${epoch}.${tableNumber}`

  function refreshTable(): void {
    clearTimeout(gathering)
    gathering = undefined
    const next = clusterTable({
      objects,
      livePods: allocation.all(),
      outside: options.outside ?? { names: [], cidrs: [] },
      ...(apiServer ? { apiServer } : {}),
    })
    const changes = changesBetween(table, next)
    if (changes.length === 0 && tableNumber > 0) return
    table = next
    tableNumber += 1
    writeState(join(net, 'cluster.json'), { version: clusterVersion(), table }, 0o644)
    channel?.broadcast({ kind: 'change', version: clusterVersion(), changes })
  }

  function refreshSoon(): void {
    gathering ??= setTimeout(() => {
      refreshTable()
      // Annotations may have changed what a relay dials.
      refreshRules()
    }, GATHER_MS)
  }

  // --- rules ---
  const ruledPods = (): RuledPod[] => [INGRESS, ...newestSandboxes().values()]
  // A pod whose sandbox died gets another under the same uid before the first is removed.
  const newestSandboxes = () => new Map(allocation.all().map((sandbox) => [sandbox.uid, sandbox]))

  /** Brings every pod's file up to date, and its processes where the rules changed. */
  function refreshRules(): void {
    const held = distributeRules(ruledPods(), book.sources())
    let version: number | undefined
    const nextVersion = () => {
      version ??= book.nextVersion()
      return version
    }
    const pods = [INGRESS, ...[...newestSandboxes().values()].map(describe)]
    for (const pod of pods) hold(pod, held.get(pod.uid) ?? [], nextVersion)
    for (const uid of inForce.keys()) if (!held.has(uid)) inForce.delete(uid)
  }

  function hold(pod: Omit<PodFile, 'version' | 'rules'>, rules: readonly FlowRule[], nextVersion: () => number): void {
    const before = inForce.get(pod.uid)
    const same = before !== undefined && JSON.stringify(before.rules) === JSON.stringify(rules)
    const version = same ? before.version : nextVersion()
    const file: PodFile = { ...pod, version, rules }
    const written = JSON.stringify(file)
    if (before?.written !== written) writeState(join(net, 'pods', `${pod.uid}.json`), file, 0o644)
    inForce.set(pod.uid, { version, rules, written })
    if (!same && channel) void channel.deliver(pod.uid, { version, rules })
  }

  function describe(sandbox: Allocated) {
    const outbound = objects.pods.find((pod) => pod.metadata.uid === sandbox.uid)?.metadata.annotations?.[
      OUTBOUND_ANNOTATION
    ]
    const { uid, namespace, name, ip } = sandbox
    const pod = { uid, namespace, name, ip, nodeIp: nodeAddress(sandbox.nodeIndex), hostNetwork: false }
    return outbound === undefined ? pod : { ...pod, outbound }
  }

  async function putRules(source: string, rules: readonly NetworkRule[]): Promise<PodAnswers> {
    const touched = new Set(touchedBy(source))
    book.put(source, rules)
    refreshRules()
    for (const uid of [...touchedBy(source), ...rules.map((rule) => rule.podUid)]) touched.add(uid)
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, settled - Date.now())))
    return Object.fromEntries(await Promise.all([...touched].map(async (uid) => [uid, await deliveryTo(uid)] as const)))
  }

  function touchedBy(source: string): string[] {
    const isOfSource = (rule: FlowRule) => rule.source === source
    return [...inForce].filter(([, { rules }]) => rules.some(isOfSource)).map(([uid]) => uid)
  }

  async function deliveryTo(uid: string) {
    const rules = inForce.get(uid)
    if (!rules || !channel) return 'gone' as const
    const delivery = await channel.deliver(uid, rules)
    return inForce.has(uid) ? delivery : ('gone' as const)
  }

  function heldRules() {
    const counts = [...inForce].map(([uid, { rules }]): [string, number] => [uid, rules.length])
    return {
      sources: Object.fromEntries(book.sources()),
      pods: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    }
  }

  // --- the plug-in ---
  async function add(pod: SandboxIdentity): Promise<SandboxNetwork> {
    if (!UID.test(pod.uid))
      throw new Error(`pod ${pod.namespace}/${pod.name} has a uid that is no file name: ${pod.uid}`)
    const allocated = allocation.allocate(pod)
    refreshRules()
    refreshTable()
    return { ip: allocated.ip, env: environment(net, staged, allocated), nativeAddress: nativeAddress(allocated.ip) }
  }

  async function del({ id }: { id: string }): Promise<void> {
    const released = allocation.release(id)
    if (!released) return
    if (!newestSandboxes().has(released.uid)) rmSync(join(net, 'pods', `${released.uid}.json`), { force: true })
    refreshRules()
    refreshSoon()
  }

  function relayFor(pod: SandboxIdentity, network: SandboxNetwork): Relay {
    const tcp = pod.ports.filter((port) => port.protocol === 'TCP' || port.protocol === '')
    const ports = [...new Set(tcp.map((port) => port.containerPort))]
    const plan = JSON.stringify({ nativeAddress: network.nativeAddress, ports })
    return { argv: [options.node ?? process.execPath, staged.relay], env: { ...network.env, MATCHDAY_RELAY: plan } }
  }

  let channel: Awaited<ReturnType<typeof openPodChannel>> | undefined
  refreshRules()
  refreshTable()
  const control = await openControlServer(join(net, 'agent.sock'), { putRules, heldRules })
  channel = await openPodChannel(
    join(net, 'pods.sock'),
    {
      rulesOf: (uid) => inForce.get(uid),
      clusterFor: (version) =>
        version === clusterVersion() ? undefined : { kind: 'cluster', version: clusterVersion(), table },
    },
    options.log,
  )
  const openChannel = channel

  return {
    add,
    del,
    relayFor,
    putRules,
    heldRules,
    setObjects(next, server) {
      objects = next
      apiServer = server
      refreshSoon()
    },
    async stop() {
      clearTimeout(gathering)
      await Promise.all([control.stop(), openChannel.stop()])
    },
  }
}

/** For every process of the pod. NODE_OPTIONS quotes paths with blanks the way Node parses them. */
function environment(net: string, { preload }: Staged, pod: Allocated): Record<string, string> {
  const quoted = `"${preload.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return { NODE_OPTIONS: `--require ${quoted}`, MATCHDAY_POD_NETWORK: join(net, 'pods', `${pod.uid}.json`) }
}
