// The ports of a pod that a program serves by itself, without the relay. Their packets do not pass the preload, where delays act. The relay finds these ports,
// and the preload in the same process refuses rules that would do nothing. Relay and preload are separate bundles, so the set is in the global object.

const PLACE = Symbol.for('matchday.servedDirectly')

/** Kept by the relay while it runs. */
export function servedDirectly(): Set<number> {
  const found: unknown = Reflect.get(globalThis, PLACE)
  if (found instanceof Set) return found
  const made = new Set<number>()
  Reflect.set(globalThis, PLACE, made)
  return made
}
