// What this process knows about its pod and its cluster. It is read synchronously from two files at the start and updated over the control
// channel. While the channel is down (at the start, or while the agent restarts), each new flow checks whether the pod's file changed, so
// that no flow starts with rules older than those on disk.
import { readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { effectOn, type FlowEffect, type FlowEnds, type HeldRules, holdRules } from '../flow-effect.ts'
import {
  type AgentMessage,
  type ClusterFile,
  type ClusterTable,
  type DnsRule,
  emptyTable,
  type HttpRule,
  isDnsRule,
  isFlowRule,
  isHttpRule,
  type PodFile,
  type PodRule,
  type PodRules,
} from '../messages.ts'

const POD_FILE_VARIABLE = 'MATCHDAY_POD_NETWORK'

const podFile = process.env[POD_FILE_VARIABLE] ?? ''
const netFolder = dirname(dirname(podFile))
export const agentSocket = join(netFolder, 'pods.sock')

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function readPodFile(): PodFile {
  try {
    return readJson(podFile) as PodFile
  } catch (cause) {
    throw new Error(`${POD_FILE_VARIABLE} must name this pod's network file; cannot read '${podFile}'`, { cause })
  }
}

function readClusterFile(): ClusterFile {
  try {
    return readJson(join(netFolder, 'cluster.json')) as ClusterFile
  } catch {
    // The agent has not written it yet: a cluster without Services, until the control channel sends them.
    return { version: '', table: emptyTable() }
  }
}

export const self = readPodFile()
const cluster = readClusterFile()

let rules: HeldRules = []
let httpHeld: readonly HttpRule[] = []
let dnsHeld: readonly DnsRule[] = []
hold(self.rules)
let rulesVersion = self.version
/** Grows with every change of the rules. Flows cache the effect that they computed for an epoch. */
let epoch = 1
let connected = false
let seen = ''
const listeners: (() => void)[] = []

export const table: ClusterTable = cluster.table

export function versions(): { clusterVersion: string; rulesVersion: number } {
  return { clusterVersion: cluster.version, rulesVersion }
}

export function rulesEpoch(): number {
  return epoch
}

export function hasRules(): boolean {
  return rules.length > 0
}

export function effectOf(flow: FlowEnds): FlowEffect | undefined {
  return rules.length === 0 ? undefined : effectOn(flow, rules)
}

/** Whether a delay or a limit of bandwidth acts on what this pod sends. */
export const isShaped = (): boolean =>
  rules.some(({ rule }) => rule.direction === 'out' && rule.effect.kind !== 'partition')

/** The HTTP rules; empty for most pods, which must stay cheap. */
export const httpRules = (): readonly HttpRule[] => httpHeld
export const dnsRules = (): readonly DnsRule[] => dnsHeld

function hold(next: readonly PodRule[]): void {
  rules = holdRules(next.filter(isFlowRule), rules)
  httpHeld = next.filter(isHttpRule)
  dnsHeld = next.filter(isDnsRule)
}

export function onRulesChange(listener: () => void): void {
  listeners.push(listener)
}

/** Set by the control channel. While it is down, {@link catchUp} watches the pod's file. */
export function setConnected(now: boolean): void {
  connected = now
}

/** Reads the pod's file if the channel is down and the file changed. */
export function catchUp(): void {
  if (connected) return
  try {
    // Each version of the file is a new inode. The time alone is too coarse for two versions in one tick.
    const { mtimeMs, ino } = statSync(podFile)
    if (`${mtimeMs} ${ino}` === seen) return
    seen = `${mtimeMs} ${ino}`
    takeRules(readJson(podFile) as PodFile)
  } catch {
    // The pod was removed from the network. It keeps the last rules until it ends.
  }
}

export function takeRules({ version, rules: next }: PodRules): void {
  if (version <= rulesVersion) return
  rulesVersion = version
  hold(next)
  epoch += 1
  for (const listener of listeners) listener()
}

export function takeMessage(message: AgentMessage): void {
  switch (message.kind) {
    case 'rules':
      takeRules(message)
      break
    case 'cluster':
      cluster.version = message.version
      Object.assign(table, message.table)
      break
    case 'change':
      cluster.version = message.version
      for (const [section, key, value] of message.changes) change(table[section], key, value)
  }
}

function change(section: Record<string, unknown>, key: string, value: unknown): void {
  if (value === null) delete section[key]
  else section[key] = value
}
