// What a DNS fault does to the answers of cluster DNS, as Chaos Mesh's own DNS server does it for the pods that use it.

export type DnsEffect = {
  kind: 'dns'
  answer: 'error' | 'random'
  /** `*` at the end matches any text, `?` one character. Matched against each name that the resolver asks for. */
  patterns: 'any' | readonly string[]
}

type Complain = (problem: string) => unknown

/** Undefined, with a complaint, when it is not a valid effect. */
export function parseDnsEffect(effect: Record<string, unknown>, complain: Complain): DnsEffect | undefined {
  const { answer, patterns } = effect
  if (answer !== 'error' && answer !== 'random') return void complain('.effect.answer must be error or random')
  if (patterns === 'any') return { kind: 'dns', answer, patterns }
  const areTexts = Array.isArray(patterns) && patterns.every((pattern) => typeof pattern === 'string')
  return areTexts
    ? { kind: 'dns', answer, patterns }
    : void complain('.effect.patterns must be "any" or a list of strings')
}

/** `asked` has no trailing dot. */
export function dnsEffectOn(asked: string, effects: readonly DnsEffect[]): DnsEffect | undefined {
  return effects.find(({ patterns }) => patterns === 'any' || patterns.some((pattern) => matches(pattern, asked)))
}

// Chaos Mesh's server sees names with a trailing dot. It matches a pattern without `*` both with and without the dot.
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
 * Addresses that lead nowhere: 198.18.0.0/15 is reserved for benchmarks (RFC 2544). Chaos Mesh picks from all of IPv4, which may be
 * somebody's address. SYNs to either get no answer.
 */
export const NOWHERE_RANGE = '198.18.0.0/15'
/** The answer for IPv6, always the same. */
export const NOWHERE_IPV6 = '2001:db8::123:12:1'

export function drawNowhere(random: () => number): string {
  const part = (count: number) => Math.floor(random() * count)
  return `198.${18 + part(2)}.${part(256)}.${1 + part(254)}`
}
