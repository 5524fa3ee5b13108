/** Periods in which each of several conditions held: conditions, troubles of a zone, roles. */
export type Flags = {
  set(at: number, on: readonly string[]): void
  /** Until `end`; periods without any condition are left out. */
  spans(end: number): readonly { readonly from: number; readonly to: number; readonly flags: readonly string[] }[]
}

export function createFlags(): Flags {
  const changes: { readonly at: number; readonly on: readonly string[] }[] = []
  return {
    set(at, on) {
      if (changes.at(-1)?.at === at) changes.pop()
      if (changes.at(-1)?.on.join() !== on.join()) changes.push({ at, on })
    },
    spans: (end) =>
      changes.flatMap(({ at, on }, index) => {
        const to = Math.min(end, changes[index + 1]?.at ?? end)
        return on.length === 0 || to <= at ? [] : [{ from: at, to, flags: on }]
      }),
  }
}
