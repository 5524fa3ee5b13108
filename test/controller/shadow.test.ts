/** A shadow is performed against an API server that keeps its objects. It counts copies while the route has the mirror. */
import { describe, expect, it } from 'vitest'
import type { Books } from '../../src/controller/ports.ts'
import type { Shadow } from '../../src/domain/shadow.ts'
import { shadowAct, type Traffic } from '../support/canary.ts'
import { CANARY, type Entry, performRelease, ROUTE } from '../support/performed-release.ts'

type Route = { readonly spec: { readonly rules: readonly { readonly filters?: readonly object[] }[] } }
const filtersIn = (objects: Record<string, unknown>) => (objects[ROUTE] as Route).spec.rules[0]?.filters

const books: Books = {
  read: async (_, book) => ({
    book,
    settled: true,
    pending: {},
    entries: [
      {
        operation: 'deposit',
        count: 7,
        amountCents: 700,
        low: 1,
        high: 2,
        duplicates: 0,
        duplicateKeys: [],
        buckets: [],
      },
    ],
  }),
  committed: async () => [],
  due: async () => [],
}

const json = (body: object): readonly [number, Record<string, string>, string] => [200, {}, JSON.stringify(body)]

async function performed(
  told: { traffic?: Partial<Traffic>; entry?: Entry; shadow?: Partial<Shadow>; forS?: number; books?: Books } = {},
) {
  let objects: Record<string, unknown> = {}
  const done = await performRelease({
    act: shadowAct(told.shadow),
    forS: told.forS ?? 130,
    entry: told.entry ?? (() => json({ widget: true })),
    books: told.books ?? books,
    onCluster: (live) => {
      objects = live
    },
    traffic: {
      copied: () => (filtersIn(objects) === undefined ? 0 : 0.2),
      ...told.traffic,
    },
  })
  return { ...done, answers: done.steps.flatMap((step) => (step.is === 'answers-compared' ? [step] : [])) }
}

describe('a shadow', () => {
  it('gets copies in every second window, and everything is as before', async () => {
    const { objects, steps, records } = await performed({ shadow: { pairs: 2 }, forS: 200 })
    const shares = steps.flatMap((step) => (step.is === 'step-set' ? [step.share] : []))
    expect(shares).toEqual([0.2, 0, 0, 0.2])
    expect(steps.filter((step) => step.is === 'step-decided' && step.outcome === 'promote')).toHaveLength(4)
    expect(steps.filter(({ is }) => is === 'books-counted')).toHaveLength(5)
    expect(steps.find(({ is }) => is === 'done')).toMatchObject({ note: expect.stringContaining('2 of 4 windows') })
    expect(steps.at(-1)?.is).toBe('healed')
    expect([filtersIn(objects), objects[CANARY]]).toMatchObject([undefined, { spec: { replicas: 0 } }])
    const undos = records.flatMap((record) => (record.kind === 'undo-written' ? [record.undo] : []))
    expect(undos.at(-1)).toEqual({
      does: 'remove-mirror',
      path: ROUTE,
      stable: 'gateway',
      backend: 'gateway-canary',
      share: 0.2,
    })
    expect(records.findLastIndex(({ kind }) => kind === 'undo-written')).toBeLessThan(
      records.findIndex((record) => record.kind === 'action-step' && record.step.is === 'begun'),
    )
  })

  it('that answers copies with errors is taken back at once, the mirror before its pods', async () => {
    const { objects, steps, patches } = await performed({ traffic: { badOf: (side) => (side === 'canary' ? 0.5 : 0) } })
    expect(steps.find(({ is }) => is === 'step-decided')).toMatchObject({ outcome: 'roll-back', reason: 'worse' })
    expect(steps.filter(({ is }) => is === 'step-set')).toHaveLength(1)
    expect(filtersIn(objects)).toBeUndefined()
    expect(patches.slice(patches.lastIndexOf(ROUTE))).toEqual([ROUTE, CANARY, CANARY])
  })

  it('whose time is over in the middle of a window leaves no mirror behind', async () => {
    const { objects, kinds } = await performed({ forS: 15 })
    expect(kinds.slice(-2)).toEqual(['heal-requested', 'healed'])
    expect(kinds).not.toContain('done')
    expect(filtersIn(objects)).toBeUndefined()
  })

  it('whose books cannot be read says so, and goes on', async () => {
    const { steps } = await performed({
      books: { ...books, read: () => Promise.reject(new Error('the wallet is away')) },
      shadow: { pairs: 1 },
    })
    expect(steps.filter(({ is }) => is === 'books-counted')).toMatchObject(
      [1, 2, 3].map(() => ({ books: [], problem: 'the wallet is away' })),
    )
    expect(steps.some(({ is }) => is === 'done')).toBe(true)
  })
})

describe('the answers of a shadow', () => {
  const compared = async (entry: Entry) => (await performed({ entry, shadow: { pairs: 1 } })).answers
  const isNew = (headers: Readonly<Record<string, unknown>>) => headers['x-preview'] === 'next'

  it('are compared with those of the old release before the first copy', async () => {
    const { kinds, answers } = await performed({ shadow: { pairs: 1 } })
    expect(kinds.indexOf('answers-compared')).toBeLessThan(kinds.indexOf('step-set'))
    expect(answers).toEqual([
      { is: 'answers-compared', request: 'GET /features', asked: 5, compared: 5, different: [] },
    ])
  })

  it('that differ are told by field, with what both said', async () => {
    const [answer] = await compared((headers) => json({ widget: !isNew(headers), token: Math.random() }))
    expect(answer?.different).toEqual([{ field: 'widget', times: 5, noise: 0, stable: 'true', canary: 'false' }])
  })

  it('that differ also between answers of the old release are noise', async () => {
    let count = 0
    const [answer] = await compared(() => json({ at: count++ }))
    expect(answer?.different).toMatchObject([{ field: 'at', times: 5, noise: 5 }])
  })
})
