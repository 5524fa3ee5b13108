/**
 * The daemon's client for the pod network's agent: which rules each experiment should hold, and whether the pods have acknowledged them.
 * The rules of an experiment are always sent together, so one request applies or heals all its pods.
 */

import { messageOf } from '../../domain/unknown.ts'
import { isFields } from '../../protocols/fields.ts'
import type { DaemonLog } from '../machine/daemon.ts'
import { fieldsOf, listOf, textOf } from '../machine/json.ts'
import { callSocket } from '../machine/socket-client.ts'
import type { FaultRule } from '../pod-network/rules.ts'

/** The state of a pod for the rules that were last sent for it. */
export type Acknowledgement =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'acknowledged' }
  | { readonly kind: 'gone' }
  | { readonly kind: 'failed'; readonly problem: string }
  /** The pod answered that it cannot apply the rules. */
  | { readonly kind: 'refused'; readonly problem: string }

export type NetworkAgent = {
  /** Requests that the pod holds exactly these rules of this source. Sent by `flush`. */
  want(source: string, podUid: string, rules: readonly FaultRule[]): void
  /** Sends the requested rules if they changed. `answered` is called when there is a new answer. */
  flush(source: string): void
  /** Sends the requested rules and waits for the answer. */
  settle(source: string): Promise<void>
  standing(source: string, podUid: string): Acknowledgement
  /** Requests that all pods of a source drop its rules. Sent by `flush`. */
  wantNothing(source: string): void
  /** What this process last requested, or found when it started. */
  wanted(source: string, podUid: string): readonly FaultRule[] | undefined
  /** Reads what the agent held before this process started. @throws when the agent cannot be asked */
  adopt(): Promise<readonly string[]>
  /** Removes all rules of a source and waits for it. @throws when the agent cannot do it */
  release(source: string): Promise<void>
}

type Held = {
  rules: Map<string, readonly FaultRule[]>
  /** Counts changes. `answered` is the last change that the agent answered. */
  version: number
  answered: number
  /** From the last answer: the state of each pod, or why there was no answer. */
  pods: ReadonlyMap<string, Acknowledgement>
  problem: string | undefined
  sending: Promise<void> | undefined
}

// Acknowledgement takes milliseconds, but a stopped or starved process may take longer.
const ANSWER_WITHIN_MS = 10_000

export function createNetworkAgent(
  socketPath: string,
  log: DaemonLog,
  answered: (source: string) => void,
): NetworkAgent {
  const sources = new Map<string, Held>()
  const held = (source: string): Held => {
    const known = sources.get(source)
    if (known !== undefined) return known
    const fresh: Held = {
      rules: new Map(),
      version: 0,
      answered: 0,
      pods: new Map(),
      problem: undefined,
      sending: undefined,
    }
    sources.set(source, fresh)
    return fresh
  }

  let adopting: Promise<readonly string[]> | undefined
  const adopt = (): Promise<readonly string[]> => {
    adopting ??= adoptRules().catch((error: unknown) => {
      adopting = undefined
      throw error
    })
    return adopting
  }
  const adoptRules = async (): Promise<readonly string[]> => {
    const found = await heldRules(socketPath)
    for (const [source, rules] of found) {
      const state = held(source)
      const mine = new Set(state.rules.keys())
      // Not answered in the life of this process: the first flush asks again.
      state.version += 1
      for (const rule of rules) {
        if (!mine.has(rule.podUid)) state.rules.set(rule.podUid, [...(state.rules.get(rule.podUid) ?? []), rule])
      }
    }
    return [...found.keys()]
  }

  const sendOnce = async (source: string, state: Held): Promise<void> => {
    let { version } = state
    try {
      // A request replaces all rules of its source, so the rules from before this process must be known.
      await adopt()
      version = state.version
      state.pods = await put(socketPath, source, [...state.rules.values()].flat())
      state.problem = undefined
    } catch (error) {
      state.pods = new Map()
      state.problem = messageOf(error)
      log(`rules of ${source}: ${state.problem}`)
    }
    state.answered = version
  }
  const send = async (source: string, state: Held): Promise<void> => {
    do await sendOnce(source, state)
    while (state.version !== state.answered)
    state.sending = undefined
    answered(source)
  }
  const flush = (source: string): void => {
    const state = sources.get(source)
    if (state !== undefined && state.answered !== state.version) state.sending ??= send(source, state)
  }

  return {
    want(source, podUid, rules) {
      const state = held(source)
      state.rules.set(podUid, rules)
      state.version += 1
    },
    wantNothing(source) {
      const state = held(source)
      const isClear = [...state.rules.values()].every((rules) => rules.length === 0)
      const isAnswered = state.problem === undefined && [...state.pods.values()].every(({ kind }) => kind !== 'failed')
      if (isClear && isAnswered) return
      for (const podUid of state.rules.keys()) state.rules.set(podUid, [])
      state.version += 1
    },
    flush,
    async settle(source) {
      flush(source)
      await sources.get(source)?.sending
    },
    standing(source, podUid) {
      const state = held(source)
      if (state.answered !== state.version) return { kind: 'waiting' }
      if (state.problem !== undefined) return { kind: 'failed', problem: state.problem }
      // A pod without rules is not asked: there is nothing to acknowledge.
      return state.pods.get(podUid) ?? { kind: 'acknowledged' }
    },
    wanted: (source, podUid) => sources.get(source)?.rules.get(podUid),
    adopt,
    async release(source) {
      // The rules of an earlier process may be unknown here.
      if (!sources.has(source)) await adopt()
      if (!sources.has(source)) return
      await callSocket(socketPath, { method: 'DELETE', path: rulesPath(source) }, ANSWER_WITHIN_MS)
      sources.delete(source)
    },
  }
}

const rulesPath = (source: string): string => `/rules/${source}`

async function put(
  socketPath: string,
  source: string,
  rules: readonly FaultRule[],
): Promise<ReadonlyMap<string, Acknowledgement>> {
  const request = { method: 'PUT', path: rulesPath(source), body: { rules } } as const
  const answer = fieldsOf(await callSocket(socketPath, request, ANSWER_WITHIN_MS))
  if (!isFields(answer.pods)) throw new Error('the pod network answered without naming pods')
  return new Map(Object.entries(answer.pods).map(([uid, state]) => [uid, acknowledgementOf(state)]))
}

function acknowledgementOf(state: unknown): Acknowledgement {
  if (state === 'acknowledged') return { kind: 'acknowledged' }
  if (state === 'gone') return { kind: 'gone' }
  const { refused, failed } = fieldsOf(state)
  if (typeof refused === 'string') return { kind: 'refused', problem: refused }
  return { kind: 'failed', problem: textOf(failed) || 'the pod did not acknowledge' }
}

/** Everything that the agent holds, by source. */
async function heldRules(socketPath: string): Promise<Map<string, FaultRule[]>> {
  const answer = fieldsOf(await callSocket(socketPath, { method: 'GET', path: '/rules' }, ANSWER_WITHIN_MS))
  if (!isFields(answer.sources)) throw new Error('the pod network answered without naming its rules')
  return new Map(Object.entries(answer.sources).map(([source, rules]) => [source, listOf(rules).filter(isRule)]))
}

/** Compared by identity only, because the agent made it. */
const isRule = (value: unknown): value is FaultRule => isFields(value) && typeof value.podUid === 'string'
