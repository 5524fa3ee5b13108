/** Indicators of a rehearsal file as domain values. */
import type { SliSpec, Slis } from '../domain/indicators.ts'
import { isSome } from '../domain/units.ts'
import { prometheusSliOf } from './prometheus-sli-shape.ts'
import type { Draft } from './rehearsal.ts'

type Load = NonNullable<Draft['load']>['value']['value']
type SliDraft = NonNullable<Draft['slis']>['value'][string]

const SOCKET_SLI = 'sockets'

export const socketSli = ({ sli }: NonNullable<Load['sockets']>): string => sli?.value ?? SOCKET_SLI

export const slisOf = ({ slis, brought }: Draft): Slis => ({
  ...Object.fromEntries(Object.entries(slis?.value ?? {}).map(([name, each]) => [name, specOf(each)])),
  ...brought,
})

function specOf({ at, value }: SliDraft): SliSpec {
  switch (value.kind) {
    case 'union': {
      const parts = value.value.map((part) => part.value)
      if (!isSome(parts)) throw new Error('a union without parts was let through')
      return { kind: 'union', of: parts }
    }
    case 'refusal':
      return { kind: 'refusal' }
    case 'http':
    case 'grpc':
    case 'websocket':
    case 'checks':
      return { kind: value.kind, where: value.value.where ?? {}, at }
    case 'rate':
      return { kind: 'rate', metric: value.value.metric, good: value.value.good, where: value.value.where ?? {}, at }
    case 'trend':
      return { kind: 'trend', metric: value.value.metric, where: value.value.where ?? {}, at }
    case 'prometheus':
      return prometheusSliOf(value.value)
    case 'counters':
      return { kind: 'counters', good: value.value.good, bad: value.value.bad, where: value.value.where ?? {}, at }
  }
}
