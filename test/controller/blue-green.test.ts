/** A blue-green release is visited on its preview route first, and gets requests of users only after that. */
import { describe, expect, it } from 'vitest'
import { blueGreenAct, type Traffic } from '../support/canary.ts'
import { CANARY, performRelease, ROUTE, weightsIn } from '../support/performed-release.ts'

type Preview = {
  /** Which of the visits, counted from 1, the new release answers with an error. */
  readonly isBad?: (visit: number) => boolean
  /** The preview route leads to the old release. */
  readonly isElsewhere?: boolean
}

async function performed({ isBad = () => false, isElsewhere = false }: Preview = {}, traffic: Partial<Traffic> = {}) {
  let [visits, counted] = [0, 0]
  const done = await performRelease({
    act: blueGreenAct(),
    forS: 90,
    traffic: { ...traffic, visits: () => counted },
    entry: (headers) => {
      if (headers['x-preview'] !== 'next') return 404
      visits += 1
      if (isBad(visits)) return 500
      if (!isElsewhere) counted += 1
      return 200
    },
  })
  const previews = done.steps.filter(({ is }) => is === 'previewed' || is === 'preview-decided')
  return { ...done, previews, visits }
}

describe('a blue-green release', () => {
  it('gets all requests after a good preview, and is rolled back at its end', async () => {
    const { previews, steps, kinds, objects, visits } = await performed()
    expect(visits).toBe(10)
    expect(previews).toMatchObject([
      { is: 'previewed', request: 'GET /login', asked: 10, good: 10 },
      { is: 'preview-decided', outcome: 'promote' },
    ])
    expect(steps.flatMap((step) => (step.is === 'step-set' ? [step.share] : []))).toEqual([1])
    expect(kinds.indexOf('preview-decided')).toBeLessThan(kinds.indexOf('step-set'))
    expect(kinds.slice(-3)).toEqual(['done', 'heal-requested', 'healed'])
    expect([weightsIn(objects), objects[CANARY]]).toMatchObject([[100, 0], { spec: { replicas: 0 } }])
  })

  it.each<[string, Preview, object]>([
    [
      'answers one visit with an error',
      { isBad: (visit) => visit === 4 },
      { asked: 10, good: 9, problem: 'status 500 instead of 200' },
    ],
    [
      'counts none of its visits, because the preview route leads to the old release',
      { isElsewhere: true },
      { good: 10 },
    ],
  ])('that %s gets no requests of users', async (_, preview, seen) => {
    const { previews, kinds, patches, objects } = await performed(preview)
    expect(previews[0]).toMatchObject(seen)
    expect(previews.at(-1)).toMatchObject({ outcome: 'roll-back' })
    expect(kinds).not.toContain('step-set')
    expect(kinds.slice(-3)).toEqual(['preview-decided', 'heal-requested', 'healed'])
    expect(patches).not.toContain(ROUTE)
    expect(objects[CANARY]).toMatchObject({ spec: { replicas: 0 } })
  })

  it('that fails under the requests of users is rolled back at once', async () => {
    const { steps, objects } = await performed({}, { badOf: (side) => (side === 'canary' ? 0.3 : 0) })
    expect(steps.find(({ is }) => is === 'step-decided')).toMatchObject({ outcome: 'roll-back', reason: 'worse' })
    expect(weightsIn(objects)).toEqual([100, 0])
  })
})
