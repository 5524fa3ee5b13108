/** Watches a Rollout of Argo Rollouts until its controller has promoted or aborted a release. Reads only. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { after, seconds } from '../../../domain/units.ts'
import { demand, find, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { Final, insist } from '../../../protocols/kubernetes/insist.ts'
import { fields } from '../fields.ts'
import { type ChangeEnactor, type Checked, type Enacting, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { createRolloutFold, rolloutNow } from './rollout-steps.ts'

type Watched = ChangeOn<'nothing'>

/** Its steps last seconds at least. */
const LOOK_EVERY = seconds(1)

const pathOf = ({ watches }: Watched, { namespace }: Target): string => `${paths.rollouts(namespace)}/${watches}`

export const nothing: ChangeEnactor<Watched> = {
  needs: (_, { namespace }) => [{ group: 'argoproj.io', resource: 'rollouts', namespace, verbs: ['get'] }],
  problem: whyNotFollowed,
  inventory: async () => ({ nodes: [], pods: [] }),
  prepare: follow,
}

async function whyNotFollowed({ api, action, change, target }: Checked<Watched>): Promise<Issue | undefined> {
  const path = pathOf(change, target)
  const object = await readIfAllowed(api, path)
  if (object === 'forbidden') return undefined
  if (object === 'missing') return noSuchObject(api, action, path)
  if (fields(fields(object.spec).strategy).canary !== undefined) return undefined
  const next = 'Follow a Rollout with strategy.canary.'
  return issueOf(
    action,
    'rollout-without-steps',
    `Rollout ${change.watches} has no canary strategy, and so no steps`,
    next,
  )
}

async function follow(enacting: Enacting<Watched>): Promise<PreparedAction> {
  const { api, clock, change, settings, targets, note } = enacting
  const path = pathOf(change, settings)
  await demand(api, { method: 'GET', path })
  return {
    undos: [],
    perform: async (onStep, signal) => {
      const rest = () => clock.until(after(clock.now(), LOOK_EVERY), signal)
      const look = async () => {
        const object = await find(api, { method: 'GET', path, signal })
        if (object === undefined) throw new Final(`Rollout ${change.watches} is gone`)
        return object as KubeObject
      }
      const fold = createRolloutFold()
      onStep({ is: 'begun', targets })
      for (;;) {
        const now = rolloutNow(await insist(look, () => signal.aborted, rest))
        for (const news of now === undefined ? [] : fold.take(now)) {
          if (news.is === 'ended') return
          if (news.is === 'promoted') return onStep({ is: 'done', note: `${note(0)}: ${news.release}` })
          onStep(news.data)
        }
        await rest()
      }
    },
  }
}
