/** Secrets by their age alone. An annotation says how old the data may get, and the API server knows how old it is. */
import type { SecretSeen, WorkloadSeen } from '../../domain/posture.ts'
import type { Instant } from '../../domain/units.ts'
import { listed } from '../findings/words.ts'
import { type Flaw, flaw } from './flaw.ts'

const DAY_MS = 24 * 3_600_000
const days = (ms: number): string => `${Math.floor(ms / DAY_MS)} d`

/** `workloads`: those that were read; they only say who gets a secret by its environment. */
export function secretUnrotated(
  secrets: readonly SecretSeen[],
  workloads: readonly WorkloadSeen[],
  now: Instant,
): readonly Flaw[] {
  return secrets.flatMap((secret) =>
    unrotated(secret, now).map((each) => ({ ...each, sentence: each.sentence + users(secret, workloads) })),
  )
}

function users({ name, namespace }: SecretSeen, workloads: readonly WorkloadSeen[]): string {
  const own = workloads.filter(
    (each) => each.namespace === namespace && each.containers.some(({ secretEnv = [] }) => secretEnv.includes(name)),
  )
  if (own.length === 0) return ''
  return ` ${listed(own.map((each) => each.name))} ${own.length === 1 ? 'gets' : 'get'} it by env, so running pods keep the old value until they restart.`
}

function unrotated(secret: SecretSeen, now: Instant): readonly Flaw[] {
  const { name, changedAt, rotateWithin } = secret
  const age = changedAt === undefined ? undefined : now - changedAt
  const old = age === undefined ? '' : `; its data is ${days(age)} old`
  const amiss = (sentence: string): readonly Flaw[] => [flaw('secret-unrotated', secret, sentence)]
  if (rotateWithin === undefined) return amiss(`Nothing says when secret ${name} must change${old}.`)
  if (rotateWithin.ms === undefined)
    return amiss(`Secret ${name} is to change within "${rotateWithin.text}", which is no time such as 90d or 12h.`)
  if (age === undefined || age <= rotateWithin.ms) return []
  return amiss(`Secret ${name} was to change within ${rotateWithin.text}${old}.`)
}
