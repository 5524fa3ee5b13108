/** The seed of a run. */
import { randomInt } from 'node:crypto'
import { flagShapes, parseFlag } from '../files/flags.ts'
import { BadInput } from './failure.ts'

/** `--seed`, REHEARSAL_SEED, or a new one. @throws BadInput */
export function seedOf(flags: { readonly seed?: string }): number {
  const written = flags.seed ?? process.env.REHEARSAL_SEED
  if (written === undefined) return randomInt(2 ** 31)
  const parsed = parseFlag(flagShapes.seed, flags.seed === undefined ? 'REHEARSAL_SEED' : '--seed', written)
  if (!parsed.ok) throw new BadInput(parsed.issues)
  return parsed.value
}
