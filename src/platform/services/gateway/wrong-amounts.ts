/** Seeded defect: a release that asks for a cent more than the player did, in every nth deposit. It answers well, so that only books show it. */

/** Changes the body of what is passed on. */
export type Altering = (body: Buffer) => Buffer

/** `everyNth` 0: never. Each pod counts for itself, so the first one comes after half of the interval: few deposits reach a pod of a canary. */
export function wrongAmounts(everyNth: number): Altering {
  let passed = Math.floor(everyNth / 2)
  return (body) => {
    passed += 1
    return everyNth > 0 && passed % everyNth === 0 ? aCentMore(body) : body
  }
}

/** The first amount in the body: an order has one. A body without one is passed on as it is. */
const aCentMore: Altering = (body) =>
  Buffer.from(body.toString().replace(/("amountCents"\s*:\s*)(\d+)/, (_, name, cents) => `${name}${Number(cents) + 1}`))
