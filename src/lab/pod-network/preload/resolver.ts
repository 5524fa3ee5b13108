// Cluster DNS inside the process: node:dns answers from the cluster table. The server is the peer 10.244.0.10, so a policy or fault that
// blocks UDP 53 to it blocks these lookups too.
import dns, { type LookupAddress, type LookupOptions } from 'node:dns'
import { isIP } from 'node:net'
import os from 'node:os'
import { promisify } from 'node:util'
import { DNS_IP } from '../../topology/addresses.ts'
import { dnsEffectOn, drawNowhere, NOWHERE_IPV6 } from '../dns-effect.ts'
import { drawDelayMs } from '../flow-effect.ts'
import { type Lookup, lookUp, lookUpAbsolute } from '../names.ts'
import { policiesAllow } from '../policy.ts'
import { catchUp, dnsRules, effectOf, self, table } from './pod.ts'
import { admitOutside } from './route.ts'

const DNS_PORT = 53
// glibc asks twice and waits 5 s each time before it reports EAI_AGAIN (resolv.conf: timeout:5 attempts:2).
const ATTEMPTS_MS = 10_000

const nativeLookup = dns.promises.lookup
const { lookup: nativeLookupCallback } = dns

type Callback = (error: Error | null, address?: string | LookupAddress[], family?: number) => void

export function playResolver(): void {
  // Other pods run on this machine too; each pod has its own host name.
  if (!self.hostNetwork) os.hostname = () => self.name
  if (self.hostNetwork) return
  const lookupCallback = (hostname: string, options: unknown, callback?: Callback) => {
    const done = (typeof options === 'function' ? options : callback) as Callback
    if (typeof done !== 'function' || !isName(hostname))
      return Reflect.apply(nativeLookupCallback, dns, callback ? [hostname, options, callback] : [hostname, options])
    const wanted = optionsOf(options)
    deliver(lookup(hostname, wanted), wanted.all === true, done)
    return {}
  }
  Reflect.set(lookupCallback, promisify.custom, lookupPromise)
  for (const key of Object.getOwnPropertySymbols(nativeLookupCallback)) {
    if (key !== promisify.custom) Reflect.set(lookupCallback, key, Reflect.get(nativeLookupCallback, key))
  }
  Object.defineProperty(lookupCallback, 'name', { value: 'lookup' })
  Reflect.set(dns, 'lookup', lookupCallback)
  Reflect.set(dns.promises, 'lookup', lookupPromise)
}

async function lookupPromise(hostname: string, options?: unknown): Promise<LookupAddress | LookupAddress[]> {
  const wanted = optionsOf(options)
  if (!isName(hostname)) return nativeLookup(hostname, wanted)
  const addresses = await lookup(hostname, wanted)
  const [first] = addresses
  return wanted.all || !first ? addresses : first
}

function isName(hostname: unknown): hostname is string {
  return typeof hostname === 'string' && hostname !== '' && isIP(hostname) === 0
}

function optionsOf(options: unknown): LookupOptions {
  if (typeof options === 'number') return { family: options }
  return typeof options === 'object' && options !== null ? options : {}
}

function deliver(answer: Promise<LookupAddress[]>, all: boolean, done: Callback): void {
  // Called outside the promise, so that an exception of the callback stays an uncaught exception of the application.
  answer.then(
    (addresses) => setImmediate(() => (all ? done(null, addresses) : done(null, ...single(addresses)))),
    (error: Error) => setImmediate(done, error),
  )
}

function single(addresses: LookupAddress[]): [string, number] {
  const [first] = addresses
  return [first?.address ?? '', first?.family ?? 4]
}

async function lookup(hostname: string, options: LookupOptions): Promise<LookupAddress[]> {
  const local = localAnswer(hostname)
  const found: Lookup =
    local ?? (await ask(hostname, () => lookUp(self.namespace, hostname, answerTo), getaddrinfoError))
  const wantsV6 = options.family === 6 || options.family === 'IPv6'
  switch (found.kind) {
    case 'outside':
      return lookupOutside(found.name, options)
    case 'failed':
      throw getaddrinfoError('EAI_AGAIN', hostname)
    case 'astray':
      return [wantsV6 ? { address: NOWHERE_IPV6, family: 6 } : { address: drawNowhere(Math.random), family: 4 }]
    case 'found':
      if (!wantsV6) return found.ips.map((address) => ({ address, family: 4 }))
  }
  throw getaddrinfoError('ENOTFOUND', hostname)
}

/** The server's answer to one question, as changed by a fault. */
export function answerTo(asked: string): Lookup {
  const effects = dnsRules().map((rule) => rule.effect)
  const effect = effects.length === 0 ? undefined : dnsEffectOn(asked, effects)
  if (effect) return { kind: effect.answer === 'error' ? 'failed' : 'astray' }
  return lookUpAbsolute(table, asked)
}

/** /etc/hosts of a pod. */
function localAnswer(hostname: string): Lookup | undefined {
  if (hostname === 'localhost') return { kind: 'found', ips: ['127.0.0.1'] }
  return hostname === self.name ? { kind: 'found', ips: [self.ip] } : undefined
}

async function lookupOutside(name: string, options: LookupOptions): Promise<LookupAddress[]> {
  const addresses = await nativeLookup(name, { ...options, all: true })
  admitOutside(addresses.map((found) => found.address))
  return addresses
}

type MakeError = (code: string, hostname: string) => Error

/** One question to cluster DNS. It takes a round trip, or all attempts when the server cannot be reached. */
export async function ask(hostname: string, answer: () => Lookup, failure: MakeError): Promise<Lookup> {
  catchUp()
  const effect = effectOf({ peerIp: DNS_IP, peerPort: DNS_PORT, ownPort: 0 })
  const reach = { from: self.ip, to: DNS_IP, port: DNS_PORT, protocol: 'UDP' } as const
  if (effect?.in.blocked || effect?.out.blocked || !policiesAllow(table, reach)) {
    await pause(ATTEMPTS_MS)
    throw failure('EAI_AGAIN', hostname)
  }
  const delayMs = drawDelayMs(effect?.out) + drawDelayMs(effect?.in)
  if (delayMs > 0) await pause(delayMs)
  return answer()
}

function pause(waitMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, waitMs))
}

function getaddrinfoError(code: string, hostname: string): Error {
  const errno = code === 'ENOTFOUND' ? -3008 : -3001
  return Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { errno, code, syscall: 'getaddrinfo', hostname })
}
