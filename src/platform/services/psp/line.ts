/**
 * The line in front of a provider that charges only so many at a time. Nobody asks whether the caller still waits: as at most servers, a call whose
 * caller has given up takes its turn like any other. So a caller that gives up and asks again makes the line longer.
 */
export type WaitingLine = {
  /** Does the work when its turn has come. */
  through<T>(work: () => Promise<T>): Promise<T>
  /** Calls that wait, and calls whose turn it is. */
  inFlight(): number
}

/** `atOnce` 0: nobody waits. */
export function createLine(atOnce: number): WaitingLine {
  const waiting: (() => void)[] = []
  let free = atOnce === 0 ? Number.POSITIVE_INFINITY : atOnce
  let inFlight = 0

  async function turn(): Promise<void> {
    if (free > 0) {
      free -= 1
      return
    }
    await new Promise<void>((resolve) => waiting.push(resolve))
  }

  /** The place goes to the next in line, so that nobody who comes now can take it first. */
  function leave(): void {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }

  return {
    inFlight: () => inFlight,
    through: async (work) => {
      inFlight += 1
      await turn()
      try {
        return await work()
      } finally {
        inFlight -= 1
        leave()
      }
    },
  }
}
