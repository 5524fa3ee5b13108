// The agent without the API server: addresses, the shared cluster table, rules and their delivery. It takes Kubernetes objects as values,
// so that it can start before the API server, and so that tests can pass objects directly.
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Endpoint } from '../topology/addresses.ts'
import { INGRESS_IP, nameServerPort, nativeAddress, nodeAddress } from '../topology/addresses.ts'
import { REAL_ADDRESSES, REAL_ADDRESSES_VARIABLE } from '../topology/real-addresses.ts'
import { type Allocated, openAllocation } from './allocation.ts'
import { serveClusterNames } from './cluster-names.ts'
import { claimControl, openControlServer, type RuleControl } from './control-server.ts'
import { dnsEffectOn } from './dns-effect.ts'
import { isDnsRule, isFlowRule, type OutsideEntry } from './messages.ts'
import { type Lookup, lookUpAbsolute } from './names.ts'
import type { Namespaces } from './namespaces.ts'
import type { NetworkPlugin, Relay, SandboxIdentity, SandboxNetwork } from './network-plugin.ts'
import type { ClusterObjects } from './objects.ts'
import { packetChains } from './packet-rules.ts'
import { createPodChannel } from './pod-channel.ts'
import { openRuleBook } from './rule-book.ts'
import { createRuleDelivery, type DescribedPod } from './rule-delivery.ts'
import { recordsOf } from './service-records.ts'
import { openSilentNodes } from './silent-nodes.ts'
import { type Staged, stagePreload } from './stage.ts'
import { createTableFeed } from './table-feed.ts'

export type CoreOptions = {
  /** The lab's root folder. */
  root: string
  log(line: string): void
  /** The Node binary that runs relays; the pods' users must be able to read it. */
  node?: string
  /** What pods may reach outside the cluster; nothing by default. */
  outside?: OutsideEntry
  /** Real networks for the pods; without them, the preload emulates one in each process. */
  namespaces?: Namespaces
}

export type AgentCore = NetworkPlugin &
  RuleControl & {
    relayFor(pod: SandboxIdentity, net: SandboxNetwork): Relay
    setSilent(node: { name: string; index: number }, silent: boolean): Promise<void>
    /** Takes the current objects of the API server. Cheap to call often. */
    setObjects(objects: ClusterObjects, apiServer?: Endpoint): void
    stop(): Promise<void>
  }

export const OUTBOUND_ANNOTATION = 'matchday.dev/outbound'

// Pods reconnect to a restarted agent every 200 ms. Before that, it is unknown whether all of them apply the rules.
const SETTLE_MS = 1_000
const UID = /^[A-Za-z0-9._-]{1,128}$/

/** The ingress is a peer with rules, but without a sandbox. */
const INGRESS: DescribedPod = {
  uid: 'ingress',
  namespace: 'ingress',
  name: 'ingress',
  ip: INGRESS_IP,
  nodeIp: nodeAddress(0),
  hostNetwork: true,
}

/** @throws Error when another agent serves the same root, or when its files on disk cannot be read */
export async function startAgentCore(options: CoreOptions): Promise<AgentCore> {
  const netFolder = join(options.root, 'net')
  mkdirSync(join(netFolder, 'pods'), { recursive: true, mode: 0o755 })
  await claimControl(join(netFolder, 'agent.sock'))
  const staged = await stagePreload(options.root)
  const allocation = openAllocation(netFolder)
  const settledAtMs = Date.now() + (allocation.all().length > 0 ? SETTLE_MS : 0)

  // A pod whose sandbox died gets a new one under the same uid before the old one is removed. The newest counts.
  const sandboxes = () => new Map(allocation.all().map((sandbox) => [sandbox.uid, sandbox]))
  const outboundOf = (uid: string) =>
    feed.objects().pods.find((pod) => pod.metadata.uid === uid)?.metadata.annotations?.[OUTBOUND_ANNOTATION]

  const channel = createPodChannel(
    { rulesOf: (uid) => delivery.rulesOf(uid), tableFor: (version) => feed.tableFor(version) },
    options.log,
  )
  const feed = createTableFeed({
    netFolder,
    outside: options.outside ?? { names: [], cidrs: [] },
    livePods: () => allocation.all(),
    broadcast: (message) => {
      channel.broadcast(message)
      filter?.applySoon()
    },
    // An annotation may have changed where a relay connects to.
    onRefresh: () => {
      delivery.refresh()
      filter?.applySoon()
    },
  })
  const silent = openSilentNodes(netFolder)
  const delivery = createRuleDelivery({
    netFolder,
    book: openRuleBook(netFolder),
    silence: () => silent.rules([...sandboxes().values()]),
    pods: () => [INGRESS, ...[...sandboxes().values()].map((sandbox) => describe(sandbox, outboundOf(sandbox.uid)))],
    channel,
    settle: () => Math.max(0, settledAtMs - Date.now()),
  })
  const described = () => [INGRESS, ...sandboxes().values()]
  // True from when a pod gets its address until its peers know it.
  let hasNewPods = false
  const tellPeers = (): void => {
    if (hasNewPods) feed.refresh()
    hasNewPods = false
  }
  const filter = options.namespaces?.filter(() => {
    tellPeers()
    return packetChains({
      table: feed.table(),
      faults: new Map(described().map(({ uid, ip }) => [ip, delivery.rulesOf(uid)?.rules.filter(isFlowRule) ?? []])),
    })
  })

  async function add(pod: SandboxIdentity): Promise<SandboxNetwork> {
    if (!UID.test(pod.uid))
      throw new Error(`the uid of pod ${pod.namespace}/${pod.name} is not a valid file name: ${pod.uid}`)
    const allocated = allocation.allocate(pod)
    const namespace = await options.namespaces?.add(pod.id, allocated.ip)
    delivery.refresh()
    hasNewPods = true
    // Pods that come while the kernel's rules are being replaced share the next round, and the new table.
    if (filter) await filter.apply()
    else tellPeers()
    return {
      ip: allocated.ip,
      env: environment(netFolder, staged, allocated),
      nativeAddress: nativeAddress(allocated.ip),
      ...(namespace === undefined ? {} : { namespace }),
    }
  }

  async function del({ id }: { id: string }): Promise<void> {
    const known = allocation.get(id)
    if (known) await options.namespaces?.remove(id, known.ip)
    const released = allocation.release(id)
    if (!released) return
    if (!sandboxes().has(released.uid)) rmSync(join(netFolder, 'pods', `${released.uid}.json`), { force: true })
    delivery.refresh()
    feed.refreshSoon()
  }

  async function setSilent(node: { name: string; index: number }, isSilent: boolean): Promise<void> {
    silent.set(node.index, isSilent)
    delivery.refresh()
    await Promise.all([delivery.settled(), filter?.apply()])
  }

  /** In force when the processes have acknowledged, and the kernel has the rules too. */
  async function putRules(...rules: Parameters<typeof delivery.putRules>) {
    const answers = await delivery.putRules(...rules)
    await filter?.apply()
    return answers
  }

  function relayFor(pod: SandboxIdentity, network: SandboxNetwork): Relay {
    const tcp = pod.ports.filter((port) => port.protocol === 'TCP' || port.protocol === '')
    const ports = [...new Set(tcp.map((port) => port.containerPort))]
    const plan = JSON.stringify({ nativeAddress: network.nativeAddress, ports })
    return { argv: [options.node ?? process.execPath, staged.relay], env: { ...network.env, MATCHDAY_RELAY: plan } }
  }

  const namesFor = (asker: string, name: string): Lookup => {
    const pod = described().find(({ ip }) => ip === asker)
    const effects =
      (pod &&
        delivery
          .rulesOf(pod.uid)
          ?.rules.filter(isDnsRule)
          .map((rule) => rule.effect)) ??
      []
    const effect = dnsEffectOn(name, effects)
    if (effect) return { kind: effect.answer === 'error' ? 'failed' : 'astray' }
    return lookUpAbsolute(feed.table(), name)
  }

  const recordsFor = (type: string, name: string) => recordsOf(feed.objects(), type, name)

  delivery.refresh()
  feed.refresh()
  const control = await openControlServer(join(netFolder, 'agent.sock'), { putRules, heldRules: delivery.heldRules })
  await channel.listen(join(netFolder, 'pods.sock'))
  const names = options.namespaces && (await serveClusterNames({ namesFor, recordsFor }, options.log))

  return {
    add,
    del,
    relayFor,
    setSilent,
    putRules,
    heldRules: delivery.heldRules,
    setObjects: feed.setObjects,
    async stop() {
      feed.stop()
      names?.stop()
      await Promise.all([control.stop(), channel.stop()])
    },
  }
}

function describe(sandbox: Allocated, outbound: string | undefined): DescribedPod {
  const { uid, namespace, name, ip } = sandbox
  const pod = { uid, namespace, name, ip, nodeIp: nodeAddress(sandbox.nodeIndex), hostNetwork: false }
  return outbound === undefined ? pod : { ...pod, outbound }
}

/**
 * The environment of every process of the pod. It includes the address of the name server, for programs that can be told. NODE_OPTIONS
 * quotes paths with blanks as Node parses them.
 */
function environment(netFolder: string, { preload }: Staged, pod: Allocated): Record<string, string> {
  const quoted = `"${preload.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`
  return {
    NODE_OPTIONS: `--require ${quoted}`,
    MATCHDAY_POD_NETWORK: join(netFolder, 'pods', `${pod.uid}.json`),
    ...(REAL_ADDRESSES ? { [REAL_ADDRESSES_VARIABLE]: '1' } : {}),
    MATCHDAY_RESOLVER: `${nativeAddress(pod.ip)}:${nameServerPort()}`,
  }
}
