// Which ports of a pod a program serves by itself, without the relay: there its packets do not pass the preload, where delays act. The relay finds them,
// and the preload in the same process refuses rules that would do nothing. They are two bundles, so they meet in the global object.

const PLACE = Symbol.for('matchday.servedDirectly')

/** Kept by the relay while it runs. */
export function servedDirectly(): Set<number> {
  const found: unknown = Reflect.get(globalThis, PLACE)
  if (found instanceof Set) return found
  const made = new Set<number>()
  Reflect.set(globalThis, PLACE, made)
  return made
}
