// dns.resolve4 and the like are plain queries: no search path, no /etc/hosts. Only addresses are supported.
import dns from 'node:dns'
import { drawNowhere, NOWHERE_IPV6 } from '../dns-effect.ts'
import type { Lookup } from '../names.ts'
import { self } from './pod.ts'
import { answerTo, ask } from './resolver.ts'

export function playQueries(): void {
  if (self.hostNetwork) return
  const a = async (hostname: string): Promise<string[]> => {
    const found = await query(hostname)
    if (found.kind === 'astray') return [drawNowhere(Math.random)]
    if (found.kind !== 'found') throw queryError('queryA', 'ENOTFOUND', hostname)
    return [...found.ips]
  }
  const aaaa = async (hostname: string): Promise<string[]> => {
    const found = await query(hostname)
    if (found.kind === 'astray') return [NOWHERE_IPV6]
    throw queryError('queryAaaa', found.kind === 'found' ? 'ENODATA' : 'ENOTFOUND', hostname)
  }
  const none =
    (syscall: string) =>
    async (hostname: string): Promise<string[]> => {
      const found = await query(hostname)
      // The fault invents addresses only; for all other types it fails.
      if (found.kind === 'astray') throw queryError(syscall, 'ESERVFAIL', hostname)
      throw queryError(syscall, found.kind === 'found' ? 'ENODATA' : 'ENOTFOUND', hostname)
    }
  const byType = (hostname: string, type: unknown) =>
    type === undefined || type === 'A'
      ? a(hostname)
      : none(`query${String(type).charAt(0)}${String(type).slice(1).toLowerCase()}`)(hostname)
  for (const target of [dns.promises, dns.promises.Resolver.prototype]) {
    Reflect.set(target, 'resolve4', (hostname: string) => a(hostname))
    Reflect.set(target, 'resolve6', (hostname: string) => aaaa(hostname))
    Reflect.set(target, 'resolve', (hostname: string, type?: string) => byType(hostname, type))
  }
  for (const target of [dns, dns.Resolver.prototype]) {
    Reflect.set(target, 'resolve4', (hostname: string, ...rest: unknown[]) => callBack(a(hostname), rest))
    Reflect.set(target, 'resolve6', (hostname: string, ...rest: unknown[]) => callBack(aaaa(hostname), rest))
    Reflect.set(target, 'resolve', (hostname: string, ...rest: unknown[]) =>
      callBack(byType(hostname, rest.length > 1 ? rest[0] : undefined), rest),
    )
  }
}

async function query(hostname: string): Promise<Lookup> {
  const found = await ask(
    hostname,
    () => answerTo(hostname.replace(/\.$/, '')),
    (code, name) => queryError('queryA', code === 'EAI_AGAIN' ? 'ETIMEOUT' : code, name),
  )
  if (found.kind === 'failed') throw queryError('queryA', 'ESERVFAIL', hostname)
  return found
}

function callBack(answer: Promise<string[]>, rest: unknown[]): void {
  const done = rest.at(-1) as (error: Error | null, ips?: string[]) => void
  answer.then(
    (ips) => setImmediate(done, null, ips),
    (error: Error) => setImmediate(done, error),
  )
}

function queryError(syscall: string, code: string, hostname: string): Error {
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { code, syscall, hostname })
}
