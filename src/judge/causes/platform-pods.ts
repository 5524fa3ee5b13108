/** The pods that causes are about: those of the platform, by what they are of. */

import { compare } from '../findings/findings.ts'
import type { PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'

export const platformPods = (seen: Seen): readonly PodLife[] =>
  seen.objects.lives.all.filter((life) => life.app !== '' && life.namespace === seen.run.head.target.namespace)

export const byApp = (lives: readonly PodLife[]): readonly (readonly [app: string, lives: readonly PodLife[]])[] =>
  [...Map.groupBy(lives, (life) => life.app)].sort(([a], [b]) => compare(a, b))
