/** A release of two pods that are replaced one after the other and back again. */
import type { ActionStepData } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { bornPod, gonePod, type ImageStory, nextImage, presentPod } from './evidence-images.ts'

export const releaseAct = (changes: object = {}): ActionSpec['act'] => ({
  kind: 'release',
  shape: 'rolling',
  workload: { kind: 'Deployment', name: 'gateway' },
  images: { app: 'registry.example/gateway:2' },
  annotations: {},
  withinMs: seconds(30),
  backWithinMs: seconds(20),
  ...changes,
})

/** Two pods, replaced one after the other; the last old one is gone `tookS` after `second`. */
type Both = readonly [ImageStory, ImageStory]
const replaced = (second: number, tookS: number, was: string, now: string, old: Both, fresh: Both) => [
  ...bornPod(second + 1, `${now}-1`, fresh[0]),
  ...gonePod(second + 4, `${was}-1`, old[0]),
  ...bornPod(second + 5, `${now}-2`, fresh[1]),
  ...gonePod(second + tookS - 3, `${was}-2`, old[1]),
]
const both = (story: ImageStory): Both => [story, story]
export const oldPods = [presentPod('old-1'), presentPod('old-2')]
export const rolled = (tookS = 12, fresh = both(nextImage)) => replaced(40, tookS, 'old', 'new', both({}), fresh)
export const rolledBack = (tookS = 10, again: ImageStory = {}, fresh = both(nextImage)) =>
  replaced(80, tookS, 'new', 'back', fresh, both(again))
/** Rolled out and back with these images. */
export const through = (...fresh: Both) => [...rolled(12, fresh), ...rolledBack(10, {}, fresh)]

export const begun = [40, { is: 'begun', targets: ['Deployment/casino/gateway'] }] as const
export const complete = [53, { is: 'done', note: '' }] as const
export const asked = [80, { is: 'heal-requested' }] as const
export const healed = [91, { is: 'healed' }] as const
export type ActionMoment = readonly [number, ActionStepData]
export const wholeRelease: readonly ActionMoment[] = [begun, complete, asked, healed]
