/** Visitors of both cohorts check an A/B release. It is rolled back as soon as one of them gets the other cohort's release. */
import { describe, expect, it } from 'vitest'
import { aBAct, type Traffic } from '../support/canary.ts'
import { performRelease, weightsIn } from '../support/performed-release.ts'

type Visit = { readonly isB: boolean; readonly number: number }

async function performed(releaseOf: (visit: Visit) => string | undefined, traffic: Partial<Traffic> = {}) {
  let [number, counted] = [0, 0]
  const done = await performRelease({
    act: aBAct(),
    forS: 60,
    traffic: { perSecond: 0, ...traffic, visits: () => counted },
    entry: (headers) => {
      number += 1
      const release = releaseOf({ isB: headers['x-cohort'] === 'b', number })
      if (release === 'next') counted += 1
      return [200, release === undefined ? {} : { 'x-release': release }]
    },
  })
  const decidedAt = done.kinds.indexOf('step-decided')
  const rounds = done.steps.slice(0, decidedAt).flatMap((step) => (step.is === 'cohorts-visited' ? [step] : []))
  return { ...done, rounds, decided: done.steps.find(({ is }) => is === 'step-decided') }
}

const ownRelease = ({ isB }: Visit) => (isB ? 'next' : 'old')

describe('an A/B release', () => {
  it('is promoted if each cohort gets its own release, and is rolled back at its end', async () => {
    const { rounds, decided, kinds, objects } = await performed(ownRelease)
    expect(decided).toMatchObject({ outcome: 'promote' })
    expect(rounds.length).toBeGreaterThan(1)
    expect(kinds.slice(kinds.indexOf('step-decided'), kinds.indexOf('heal-requested'))).toContain('cohorts-visited')
    const none = { unnamed: 0, failed: 0, moved: 0 }
    for (const { canary, stable } of rounds) {
      expect(canary).toEqual({ ...none, canary: 3, stable: 0 })
      expect(stable).toEqual({ ...none, canary: 0, stable: 3 })
    }
    expect(kinds.filter((is) => is !== 'cohorts-visited').slice(-2)).toEqual(['heal-requested', 'healed'])
    expect(weightsIn(objects)).toEqual([100, 0])
  })

  it.each<[string, (visit: Visit) => string, object]>([
    ['cohort b gets the old release', () => 'old', { canary: { stable: 3, moved: 0 } }],
    ['the other cohort gets the new release', () => 'next', { stable: { canary: 3, moved: 0 } }],
    [
      'a visitor changes its release',
      ({ isB, number }) => (isB && number > 6 ? 'old' : ownRelease({ isB, number })),
      { canary: { moved: 3, stable: 3 } },
    ],
  ])('is rolled back at once if %s', async (_, releaseOf, seen) => {
    const { rounds, decided, objects } = await performed(releaseOf)
    expect(rounds.at(-1)).toMatchObject(seen)
    expect(decided).toMatchObject({ outcome: 'roll-back', reason: 'cohorts-mixed' })
    expect(weightsIn(objects)).toEqual([100, 0])
  })

  it('whose responses do not name their release is not rolled back as mixed', async () => {
    const { rounds, decided } = await performed(() => undefined)
    expect(rounds[0]?.canary).toMatchObject({ unnamed: 3 })
    expect(decided).not.toMatchObject({ reason: 'cohorts-mixed' })
  })
})
