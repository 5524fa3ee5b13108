// Requests and responses that a fault delays. They go on when their time is over, or at once when the rule is healed.
import type { HttpRule } from '../messages.ts'
import { httpRules, onRulesChange } from './pod.ts'

type Waiting = { readonly rules: readonly string[]; readonly healed: () => void }
const waiting = new Set<Waiting>()
const nameOf = (rule: HttpRule): string => JSON.stringify(rule)

export function playHolding(): void {
  onRulesChange(() => {
    const held = new Set(httpRules().map(nameOf))
    for (const one of waiting) if (!one.rules.every((rule) => held.has(rule))) one.healed()
  })
}

/** Resolves with `over` or `healed`, whichever comes first. */
export function holdBack(rules: readonly HttpRule[], waitMs: number, over: () => void, healed: () => void): void {
  const end = (then: () => void) => () => {
    clearTimeout(timer)
    waiting.delete(one)
    then()
  }
  const one: Waiting = { rules: rules.map(nameOf), healed: end(healed) }
  const timer = setTimeout(end(over), waitMs)
  waiting.add(one)
}
