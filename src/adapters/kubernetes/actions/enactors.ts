/** The table of enactors. Actions need no code here: their entries in the domain say what they change (domain/change.ts). */
import type { Change, ChangeOn } from '../../../domain/change.ts'
import { traffic } from './canary.ts'
import { regions } from './cutover.ts'
import type { ChangeEnactor } from './enactor.ts'
import { configMap } from './flag.ts'
import { nothing } from './follow.ts'
import { mirror } from './mirror.ts'
import { nodes } from './nodes.ts'
import { pinnedReplicas } from './pin.ts'
import { database } from './promote.ts'
import { podTemplate } from './release.ts'
import { copy } from './restore.ts'
import { pods, replicas } from './workloads.ts'

const enactors: { readonly [K in Change['on']]: ChangeEnactor<ChangeOn<K>> } = {
  nodes,
  replicas,
  'pinned-replicas': pinnedReplicas,
  pods,
  'pod-template': podTemplate,
  traffic,
  mirror,
  'config-map': configMap,
  database,
  copy,
  regions,
  nothing,
}

export const enactorOf = <K extends Change['on']>(change: ChangeOn<K>): ChangeEnactor<ChangeOn<K>> =>
  enactors[change.on]
