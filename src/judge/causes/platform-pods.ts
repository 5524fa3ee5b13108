/** The pods that causes are about: the servers of the platform, by what they are of. A pod of a Job is none: it ends by itself, and is tried again. */

import { compare } from '../findings/findings.ts'
import { isServer, type PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'

export const platformPods = (seen: Seen): readonly PodLife[] => serversOf(seen).filter((life) => life.app !== '')

export const serversOf = (seen: Seen): readonly PodLife[] =>
  seen.objects.lives.all.filter((life) => isServer(life) && life.namespace === seen.run.head.target.namespace)

export const byApp = (lives: readonly PodLife[]): readonly (readonly [app: string, lives: readonly PodLife[]])[] =>
  [...Map.groupBy(lives, (life) => life.app)].sort(([a], [b]) => compare(a, b))
