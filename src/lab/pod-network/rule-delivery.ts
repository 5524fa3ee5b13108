// Delivers the rules of all experiments to the pods: into each pod's file, which a process reads at its start, and over the channel to
// running processes. The file is written first, so that no process can start with rules older than those that were acknowledged.
import { join } from 'node:path'
import { writeState } from '../machine/state-file.ts'
import type { PodAnswers, RuleControl } from './control-server.ts'
import type { PodFile, PodRule, PodRules } from './messages.ts'
import { distributeRules, type RulesBySource } from './mirror.ts'
import type { PodChannel } from './pod-channel.ts'
import type { RuleBook } from './rule-book.ts'
import type { FaultRule } from './rules.ts'

/** A pod's file without its rules. */
export type DescribedPod = Omit<PodFile, 'version' | 'rules'>

export type DeliveryOptions = {
  /** `<root>/net` */
  netFolder: string
  book: RuleBook
  /** Rules that belong to no experiment and that no audit removes: those of nodes without power. */
  silence(): RulesBySource
  pods(): readonly DescribedPod[]
  channel: PodChannel
  /** How many milliseconds to wait before "every process has acknowledged" can be said: pods must first find a restarted agent. */
  settle(): number
}

export type RuleDelivery = RuleControl & {
  /** Updates every pod's file, and its processes where rules changed. Also called after a pod came or went. */
  refresh(): void
  /** Resolves when every process of every pod applies its rules, or its time is over. */
  settled(): Promise<void>
  rulesOf(uid: string): PodRules | undefined
}

type InForce = PodRules & { written: string }

export function createRuleDelivery({ netFolder, book, silence, pods, channel, settle }: DeliveryOptions): RuleDelivery {
  const inForce = new Map<string, InForce>()

  function refresh(): void {
    const present = pods()
    const held = distributeRules(present, new Map([...book.sources(), ...silence()]))
    const version = once(() => book.nextVersion())
    for (const pod of present) hold(pod, held.get(pod.uid) ?? [], version)
    for (const uid of inForce.keys()) if (!held.has(uid)) inForce.delete(uid)
  }

  function hold(pod: DescribedPod, rules: readonly PodRule[], nextVersion: () => number): void {
    const before = inForce.get(pod.uid)
    const isSame = before !== undefined && JSON.stringify(before.rules) === JSON.stringify(rules)
    const version = isSame ? before.version : nextVersion()
    const file: PodFile = { ...pod, version, rules }
    const written = JSON.stringify(file)
    if (before?.written !== written) writeState(join(netFolder, 'pods', `${pod.uid}.json`), file, 0o644)
    inForce.set(pod.uid, { version, rules, written })
    if (!isSame) void channel.deliver(pod.uid, { version, rules })
  }

  async function putRules(source: string, rules: readonly FaultRule[]): Promise<PodAnswers> {
    const touched = new Set(touchedBy(source))
    book.put(source, rules)
    refresh()
    for (const uid of [...touchedBy(source), ...rules.map((rule) => rule.podUid)]) touched.add(uid)
    await new Promise((resolve) => setTimeout(resolve, settle()))
    return Object.fromEntries(await Promise.all([...touched].map(async (uid) => [uid, await answerOf(uid)] as const)))
  }

  function touchedBy(source: string): string[] {
    return [...inForce].flatMap(([uid, { rules }]) => (rules.some((rule) => rule.source === source) ? [uid] : []))
  }

  async function answerOf(uid: string): Promise<PodAnswers[string]> {
    const rules = inForce.get(uid)
    if (!rules) return 'gone'
    const delivery = await channel.deliver(uid, rules)
    return inForce.has(uid) ? delivery : 'gone'
  }

  function heldRules() {
    const counts = [...inForce].map(([uid, { rules }]): [string, number] => [uid, rules.length])
    return {
      sources: Object.fromEntries(book.sources()),
      pods: Object.fromEntries(counts.filter(([, count]) => count > 0)),
    }
  }

  async function settled(): Promise<void> {
    await Promise.all([...inForce.keys()].map(answerOf))
  }

  return { refresh, settled, putRules, heldRules, rulesOf: (uid) => inForce.get(uid) }
}

/** One version for all pods of a refresh, and no new version when nothing changed. */
function once(make: () => number): () => number {
  let made: number | undefined
  return () => {
    made ??= make()
    return made
  }
}
