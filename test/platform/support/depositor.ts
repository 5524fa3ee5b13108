/** Deposits at the wallet without a pause, through the API server's proxy: what was acknowledged, and how long nothing was. */
import { demand, type KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'
import type { CommittedKeys } from '../../../src/wire/books.ts'
import { operationKey } from '../../../src/wire/books.ts'

const WALLET = '/api/v1/namespaces/casino/services/wallet:8080/proxy'
const LANES = 4
const BETWEEN_MS = 40
const KEYS_AT_ONCE = 400

export type Depositor = {
  readonly acknowledged: readonly string[]
  /** The longest time without an acknowledgement since the last call of this. */
  longestGapMs(): number
  /** Deposits that were answered with an error, or not at all. */
  failed(): number
  /** Resolves with the first acknowledgement from now on. */
  next(): Promise<void>
  stop(): Promise<void>
  /** Acknowledged keys that the wallet does not hold exactly once. */
  lost(): Promise<readonly string[]>
}

export function startDepositor(api: KubernetesApi, run: string): Depositor {
  const acknowledged: string[] = []
  const waiting = new Set<() => void>()
  let stopped = false
  let n = 0
  let lastAtMs = performance.now()
  let gapMs = 0
  let failed = 0

  const lanes = Array.from({ length: LANES }, async () => {
    while (!stopped) {
      n += 1
      const key = operationKey(run, 'deposit', n)
      const player = `player-${String(n % 1_000).padStart(6, '0')}`
      const body = { key, player, amountCents: 100 }
      const answer = await api
        .request({ method: 'POST', path: `${WALLET}/deposits`, body, timeoutMs: 3_000 })
        .catch(() => undefined)
      if (answer?.status === 201 || answer?.status === 200) note(key)
      else failed += 1
      await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS))
    }
  })

  function note(key: string): void {
    acknowledged.push(key)
    const nowMs = performance.now()
    gapMs = Math.max(gapMs, nowMs - lastAtMs)
    lastAtMs = nowMs
    for (const go of waiting) go()
    waiting.clear()
  }

  return {
    acknowledged,
    longestGapMs: () => {
      const longest = Math.max(gapMs, performance.now() - lastAtMs)
      gapMs = 0
      return longest
    },
    failed: () => failed,
    next: () => new Promise((resolve) => void waiting.add(resolve)),
    stop: async () => {
      stopped = true
      await Promise.all(lanes)
    },
    lost: async () => {
      const lost: string[] = []
      for (let at = 0; at < acknowledged.length; at += KEYS_AT_ONCE) {
        const keys = acknowledged.slice(at, at + KEYS_AT_ONCE)
        const request = { method: 'POST', path: `${WALLET}/books/keys`, body: { run, keys } } as const
        const { committed } = (await demand(api, request)) as CommittedKeys
        const once = new Set(committed.filter(({ times }) => times === 1).map(({ key }) => key))
        lost.push(...keys.filter((key) => !once.has(key)))
      }
      return lost
    },
  }
}
