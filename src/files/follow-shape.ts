/** The action `follow`: a Rollout whose release is watched. */
import { showDuration } from '../domain/show.ts'
import { millis } from '../domain/units.ts'
import type { ActDraft } from './act-draft.ts'
import { objectName, source } from './name-shapes.ts'
import { duration } from './quantities.ts'
import { may, need, record } from './record.ts'
import { gateKeys } from './release-shape.ts'
import { placed, type Shape } from './shape.ts'

const gate = record({
  source: need(source('shop'), 'Source of the pods of the Rollout.'),
  where: gateKeys.where,
  errors: gateKeys.errors,
})

export const follow = record({
  rollout: need(objectName('shop'), "Name of the Rollout in the target's namespace."),
  within: need(
    placed(duration({ min: 1000 })),
    'Longest time from the start of the action until the Rollout has promoted a release.',
  ),
  gate: may(gate, 'Compares both releases in each step of the Rollout, by what their pods count.'),
})

export function followOf({ rollout, within, gate }: FollowDraft): Omit<ActDraft, 'at'> {
  const counted =
    gate === undefined ? {} : { gate: { source: gate.source.value, where: gate.where ?? [], errors: gate.errors } }
  return {
    act: { kind: 'follow', rollout, withinMs: within.value, ...counted },
    check: ({ name, lastsMs }, report) => {
      if (lastsMs === undefined || lastsMs >= within.value) return
      const problem = `"${name}" is watched for ${showDuration(millis(lastsMs))}, less than the ${showDuration(within.value)} that its release may take.`
      report(within.at, 'expectation-unobservable', problem, 'let the action last longer, or shorten within.')
    },
  }
}

type FollowDraft = typeof follow extends Shape<infer T> ? T : never
