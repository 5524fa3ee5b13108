/** A player's client and a look into the books, over HTTP only. */
import type { Book, BookEntry, CommittedKeys } from '../../../src/wire/books.ts'
import type { Platform, ProcessName } from './platform.ts'

export type Answer = { readonly status: number; readonly body: Record<string, unknown>; readonly ms: number }

export async function call(
  url: string,
  init: { method?: string; headers?: Record<string, string>; body?: unknown; timeoutMs?: number } = {},
): Promise<Answer> {
  const startMs = performance.now()
  const body = init.body === undefined ? null : typeof init.body === 'string' ? init.body : JSON.stringify(init.body)
  const headers = body === null ? init.headers : { 'content-type': 'application/json', ...init.headers }
  const method = init.method ?? (body === null ? 'GET' : 'POST')
  const response = await fetch(url, {
    method,
    body,
    ...(headers ? { headers } : {}),
    signal: AbortSignal.timeout(init.timeoutMs ?? 5_000),
  })
  const text = await response.text()
  return {
    status: response.status,
    body: text.startsWith('{') ? JSON.parse(text) : { text },
    ms: performance.now() - startMs,
  }
}

export const playerName = (n: number): string => `player-${String(n).padStart(6, '0')}`

export async function login(platform: Platform, player: string): Promise<string> {
  const answer = await call(`${platform.url('gateway')}/login`, { body: { player, password: 'matchday' } })
  if (answer.status !== 200) throw new Error(`login answered ${answer.status} ${JSON.stringify(answer.body)}`)
  return String(answer.body.token)
}

export function deposit(platform: Platform, token: string, key: string, amountCents = 1_000): Promise<Answer> {
  return call(`${platform.url('gateway')}/deposits`, {
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    body: { amountCents, currency: 'EUR' },
  })
}

export function bet(platform: Platform, token: string, key: string, stakeCents = 500, odds = 2): Promise<Answer> {
  const body = { stakeCents, selection: 'derby:home', odds }
  return call(`${platform.url('gateway')}/bets`, {
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    body,
  })
}

export function payout(platform: Platform, token: string, key: string, amountCents = 1_000): Promise<Answer> {
  return call(`${platform.url('gateway')}/payouts`, {
    headers: { authorization: `Bearer ${token}`, 'idempotency-key': key },
    body: { amountCents, currency: 'EUR' },
  })
}

export async function balanceOf(platform: Platform, player: string): Promise<number> {
  return Number((await call(`${platform.url('wallet')}/players/${player}`)).body.balanceCents)
}

export async function bookOf(platform: Platform, name: ProcessName, run: string): Promise<Book> {
  const response = await fetch(`${platform.url(name)}/books?run=${run}`)
  if (response.status !== 200) throw new Error(`books of ${name} answered ${response.status}`)
  return (await response.json()) as Book
}

export async function keysAt(
  platform: Platform,
  name: ProcessName,
  run: string,
  keys: readonly string[],
): Promise<CommittedKeys> {
  const response = await fetch(`${platform.url(name)}/books/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ run, keys }),
  })
  return (await response.json()) as CommittedKeys
}

/** All books of a run once each of them is settled. */
export async function settledBooks<N extends ProcessName>(
  platform: Platform,
  names: readonly N[],
  run: string,
  withinMs = 15_000,
): Promise<Record<N, Book>> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const books = await Promise.all(names.map((name) => bookOf(platform, name, run)))
    if (books.every(({ settled }) => settled))
      return Object.fromEntries(names.map((name, i) => [name, books[i]])) as Record<N, Book>
    if (performance.now() > deadline)
      throw new Error(`not settled: ${JSON.stringify(books.map(({ book, pending }) => ({ book, pending })))}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const nothing = { count: 0, amountCents: 0, low: 0, high: 0, duplicates: 0 }

/** What several books hold together for one operation. */
export function sumOf(operation: BookEntry['operation'], ...books: readonly Book[]): typeof nothing {
  const entries = books.flatMap((book) => book.entries.filter((entry) => entry.operation === operation))
  return entries.reduce(
    (sum, entry) => ({
      count: sum.count + entry.count,
      amountCents: sum.amountCents + entry.amountCents,
      low: sum.low + entry.low,
      high: sum.high + entry.high,
      duplicates: sum.duplicates + entry.duplicates,
    }),
    nothing,
  )
}

/** The value of one series of a service's metrics; 0 when it has not been counted yet. */
export async function metric(platform: Platform, name: ProcessName, series: string): Promise<number> {
  const text = await (await fetch(`${platform.url(name)}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`${series} `))
  return line === undefined ? 0 : Number(line.slice(series.length + 1))
}
