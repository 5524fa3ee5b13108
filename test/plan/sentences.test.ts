/** Sentences of a plan whose optional parts are there or not. The golden files have those with everything. */
import { expect, it } from 'vitest'
import type { Reaction, Witness } from '../../src/domain/rehearsal.ts'
import type { PlannedAction } from '../../src/domain/timeline.ts'
import { millis, perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { reactionSentence, undoneSentence, witnessSentence } from '../../src/plan/sentences.ts'
import { at } from './plans.ts'

const within = { withinMs: seconds(20), at } as const

it.each<[Reaction, string]>([
  [{ kind: 'reconnects', share: ratio(0.99), ...within }, '99% of the sockets are open again within 20s'],
  [
    { kind: 'reconnects', share: ratio(0.99), herdMax: perSecond(40), ...within },
    '99% of the sockets are open again within 20s, at most 40/s',
  ],
  [{ kind: 'alerts', alert: 'Errors', labels: {}, ...within }, 'the alert Errors fires within 20s'],
  [
    { kind: 'resolves', alert: 'Errors', labels: { severity: 'page' }, ...within },
    'the alert Errors{severity="page"} resolves within 20s of the healing',
  ],
  [
    { kind: 'backs-off', of: 'shop', metric: 'calls_total', where: {}, becomes: perSecond(0), ...within },
    'calls_total of shop comes down to 0/s within 20s',
  ],
  [{ kind: 'survives', app: 'shop', ready: 2, ...within }, 'shop keeps 2 pods Ready, within 20s'],
  [{ kind: 'undisturbed', sli: 'login', badMax: 1000, at }, 'login has at most 1,000 bad attempts meanwhile'],
])('%j reads as %s', (reaction, sentence) => expect(reactionSentence(reaction)).toBe(sentence))

const ready = { kind: 'ready', what: 'pods', becomes: 1, ...within } as const
const rate = { kind: 'rate', metric: 'calls_total', where: {}, of: 'shop', becomes: perSecond(2), ...within } as const

it.each<[Witness, string]>([
  [ready, 'Ready pods fall to 1 within 20s'],
  [{ ...ready, app: 'shop' }, 'Ready pods of shop fall to 1 within 20s'],
  [{ ...ready, zone: 'zone-b' }, 'Ready pods in zone-b fall to 1 within 20s'],
  [{ ...ready, app: 'shop', zone: 'zone-b' }, 'Ready pods of shop in zone-b fall to 1 within 20s'],
  [{ ...rate, direction: 'falls' }, 'calls_total of shop falls to 2/s within 20s'],
  [{ ...rate, direction: 'rises' }, 'calls_total of shop rises to 2/s within 20s'],
])('%j reads as %s', (witness, sentence) => expect(witnessSentence(witness)).toBe(sentence))

const trigger = { kind: 'autoscaler', autoscaler: 'shop', at } as const
const flag = { kind: 'flag', configMap: 'features', key: 'promo', value: 'off' } as const
const action = (change: Partial<PlannedAction>): PlannedAction => ({
  name: 'off',
  fromMs: millis(10_000),
  act: flag,
  ...change,
})

it.each<[Partial<PlannedAction>, string]>([
  [{}, 'undone at the end of the load'],
  [{ toMs: millis(25_000) }, 'undone after 15s'],
  [{ toMs: millis(90_000), trigger: { trigger, byMs: millis(60_000), forMs: millis(30_000) } }, 'undone after 30s'],
  [{ trigger: { trigger, byMs: millis(60_000) } }, 'undone at the end of the load'],
])('an action with %j is %s', (change, sentence) => expect(undoneSentence(action(change))).toBe(sentence))
