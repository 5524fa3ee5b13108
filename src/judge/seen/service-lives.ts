/** Fold over endpoint slices: how many ready addresses each Service has, over time. */
import type { EndpointsSeen } from '../../domain/cluster.ts'
import { noteStep, type Step, type Steps } from './steps.ts'

export type ServiceLives = {
  add(seen: EndpointsSeen, gone: boolean, at: number, line: number): void
  /** By `namespace/service`. */
  readonly all: ReadonlyMap<string, Steps>
}

export function createServiceLives(): ServiceLives {
  const slices = new Map<string, Map<string, number>>()
  const all = new Map<string, Step[]>()
  return {
    add({ namespace, service, uid, ready }, gone, at, line) {
      const key = `${namespace}/${service}`
      const ofService = slices.get(key) ?? new Map<string, number>()
      slices.set(key, ofService)
      if (gone) ofService.delete(uid)
      else ofService.set(uid, ready)
      const steps = all.get(key) ?? []
      all.set(key, steps)
      noteStep(steps, { at, value: [...ofService.values()].reduce((sum, each) => sum + each, 0), line })
    },
    all,
  }
}
