/** How many addresses a CIDR block holds. */
export function addresses(cidr: string): { readonly count: number; readonly bits: 32 | 128 } | undefined {
  const match = /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(cidr)
  const bits = match?.[1]?.includes(':') ? 128 : 32
  const prefix = Number(match?.[2])
  return match === null || prefix > bits ? undefined : { count: 2 ** (bits - prefix), bits }
}
