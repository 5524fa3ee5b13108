/** Secrets by their age alone: how old the data may get is written on them, and how old it is the API server knows. */
import type { SecretSeen } from '../../domain/posture.ts'
import type { Instant } from '../../domain/units.ts'
import { type Flaw, flaw } from './flaw.ts'

const DAY_MS = 24 * 3_600_000
const days = (ms: number): string => `${Math.floor(ms / DAY_MS)} d`

export function secretUnrotated(secrets: readonly SecretSeen[], now: Instant): readonly Flaw[] {
  return secrets.flatMap((secret) => {
    const { name, changedAt, rotateWithin } = secret
    const age = changedAt === undefined ? undefined : now - changedAt
    const old = age === undefined ? '' : `; its data is ${days(age)} old`
    if (rotateWithin === undefined)
      return [flaw('secret-unrotated', secret, `Nothing says when secret ${name} must change${old}.`)]
    if (rotateWithin.ms === undefined)
      return [
        flaw(
          'secret-unrotated',
          secret,
          `Secret ${name} is to change within "${rotateWithin.text}", which is no time such as 90d or 12h.`,
        ),
      ]
    if (age === undefined || age <= rotateWithin.ms) return []
    return [flaw('secret-unrotated', secret, `Secret ${name} was to change within ${rotateWithin.text}${old}.`)]
  })
}
