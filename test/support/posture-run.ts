/** A healthy run that wants checks of a posture, with some objects of the namespace changed. */
import type { EgressRule, PostureKind, PostureObject, PostureWant } from '../../src/domain/posture.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { evidence, rehearsal, together } from './evidence.ts'
import { listed, policy } from './evidence-posture.ts'
import { judge } from './reviewed.ts'

const at = { file: 'a.rehearsal.yaml', line: 40, column: 1 }
export const wanting = (...wants: readonly PostureWant[]): Rehearsal => {
  const [first = 'default-deny', ...more] = wants
  return {
    ...rehearsal,
    expectations: [...rehearsal.expectations, { kind: 'posture', namespaces: ['casino'], wants: [first, ...more], at }],
  }
}
export type Changes = Partial<Record<PostureKind, readonly PostureObject[] | undefined>>
export const judged = (wants: readonly PostureWant[], changes: Changes = {}) =>
  judge(together(evidence({ rehearsal: wanting(...wants) }), listed(changes)))
export const policies = (...more: readonly PostureObject[]) => ({ NetworkPolicy: [policy('default-deny'), ...more] })
export const ofWallet = { matchLabels: { app: 'wallet' } }
export const to = (cidr: string, ...except: readonly string[]) => ({ kind: 'block', cidr, except }) as const
export const walletMayCall = (...egress: readonly EgressRule[]) =>
  policies(policy('out', { selector: ofWallet, governs: ['egress'], egress }))
