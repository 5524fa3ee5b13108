// What a fault does to the answers of cluster DNS, as Chaos Mesh's own DNS server does it for the pods that are sent to it.

export type DnsEffect = {
  kind: 'dns'
  answer: 'error' | 'random'
  /** `*` at the end for any text, `?` for one character; held against each name that the resolver really asks for. */
  patterns: 'any' | readonly string[]
}

type Complain = (problem: string) => unknown

/** Undefined, and a complaint, when it is none. */
export function parseDnsEffect(effect: Record<string, unknown>, complain: Complain): DnsEffect | undefined {
  const { answer, patterns } = effect
  if (answer !== 'error' && answer !== 'random') return void complain('.effect.answer is neither error nor random')
  if (patterns === 'any') return { kind: 'dns', answer, patterns }
  const areTexts = Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === 'string')
  return areTexts
    ? { kind: 'dns', answer, patterns }
    : void complain('.effect.patterns is neither "any" nor a list of texts')
}

/** `asked` without the dot at its end. */
export function dnsEffectOn(asked: string, effects: readonly DnsEffect[]): DnsEffect | undefined {
  return effects.find(({ patterns }) => patterns === 'any' || patterns.some((pattern) => matches(pattern, asked)))
}

// The server sees names with the dot at their end, and takes a pattern without `*` with and without it.
function matches(pattern: string, asked: string): boolean {
  if (pattern.endsWith('*')) return startsLike(`${asked}.`, pattern.slice(0, -1))
  const whole = pattern.replace(/\.$/, '')
  return whole.length === asked.length && startsLike(asked, whole)
}

function startsLike(text: string, start: string): boolean {
  if (text.length < start.length) return false
  return [...start].every((wanted, at) => wanted === '?' || wanted === text[at])
}

/**
 * Addresses that lead nowhere: 198.18.0.0/15 is kept free for benchmarks (RFC 2544). Chaos Mesh draws from all of IPv4 and may
 * hit somebody; SYNs to either get no answer.
 */
export const NOWHERE_RANGE = '198.18.0.0/15'
/** Its one answer for IPv6. */
export const NOWHERE_IPV6 = '2001:db8::123:12:1'

export function drawNowhere(random: () => number): string {
  const part = (count: number) => Math.floor(random() * count)
  return `198.${18 + part(2)}.${part(256)}.${1 + part(254)}`
}
