/**
 * Who has which of the machine's places for labs, and what stands there. A request is served by a free place where such a lab stands already,
 * else by an empty one, else the lab of another kind goes.
 */

/** What two labs and their tests take of two cores stands in CONTRIBUTING.md; a third would wait for the others. */
export const LABS_MAX = 2

export type Lab = { down(): Promise<void> }

export type Lent = {
  readonly place: number
  giveBack(): void
}

export type LendingOptions<Kind> = {
  readonly places: number
  /** undefined: a place of that kind is left empty. */
  readonly boot: (kind: Kind, place: number) => Promise<Lab | undefined>
  /** Kinds of which no two are lent at a time: who comes second waits. */
  readonly single?: readonly Kind[]
}

export type Lending<Kind> = {
  /** `alone`: no lab stands at any other place, and none is lent before this one is given back. @throws what the boot throws */
  lend(kind: Kind, alone?: boolean): Promise<Lent>
  /** Takes all labs down. */
  close(): Promise<void>
}

type Slot<Kind> = {
  readonly place: number
  standing: { readonly kind: Kind; readonly lab: Lab } | undefined
  lentAs: { readonly kind: Kind; readonly alone: boolean } | undefined
}
type Asked<Kind> = {
  readonly kind: Kind
  readonly alone: boolean
  readonly resolve: (lent: Lent) => void
  readonly reject: (error: unknown) => void
}

export function createLending<Kind>({ places, boot, single = [] }: LendingOptions<Kind>): Lending<Kind> {
  const slots: readonly Slot<Kind>[] = Array.from({ length: places }, (_, place) => ({
    place,
    standing: undefined,
    lentAs: undefined,
  }))
  let waiting: readonly Asked<Kind>[] = []

  function serve(): void {
    for (const asked of waiting) {
      const slot = slotFor(asked)
      // Whoever wants to be alone is overtaken by nobody, or would wait for ever.
      if (slot === undefined && asked.alone) return
      if (slot === undefined) continue
      waiting = waiting.filter((other) => other !== asked)
      slot.lentAs = asked
      void give(slot, asked)
    }
  }

  function slotFor({ kind, alone }: Asked<Kind>): Slot<Kind> | undefined {
    const lent = slots.flatMap(({ lentAs }) => lentAs ?? [])
    const isInTheWay = (other: { kind: Kind; alone: boolean }) =>
      alone || other.alone || (single.includes(kind) && other.kind === kind)
    if (lent.some(isInTheWay)) return undefined
    const free = slots.filter(({ lentAs }) => lentAs === undefined)
    return free.find(({ standing }) => standing?.kind === kind) ?? free.find(({ standing }) => !standing) ?? free[0]
  }

  async function give(slot: Slot<Kind>, { kind, alone, resolve, reject }: Asked<Kind>): Promise<void> {
    const giveBack = () => {
      slot.lentAs = undefined
      serve()
    }
    try {
      await Promise.all(slots.filter((each) => alone && each !== slot).map(clear))
      await prepare(slot, kind)
      resolve({ place: slot.place, giveBack: once(giveBack) })
    } catch (error) {
      reject(error)
      giveBack()
    }
  }

  async function prepare(slot: Slot<Kind>, kind: Kind): Promise<void> {
    if (slot.standing?.kind === kind) return
    await clear(slot)
    const lab = await boot(kind, slot.place)
    if (lab) slot.standing = { kind, lab }
  }

  return {
    lend: (kind, alone = false) =>
      new Promise((resolve, reject) => {
        waiting = [...waiting, { kind, alone, resolve, reject }]
        serve()
      }),
    close: async () => void (await Promise.all(slots.map(clear))),
  }
}

async function clear<Kind>(slot: Slot<Kind>): Promise<void> {
  const { standing } = slot
  slot.standing = undefined
  await standing?.lab.down()
}

function once(act: () => void): () => void {
  let done = false
  return () => {
    if (!done) act()
    done = true
  }
}
