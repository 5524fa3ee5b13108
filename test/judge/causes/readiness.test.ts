import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { nodes, secondAt, standing, together } from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it } from '../../support/reviewed.ts'

describe('readiness that lies', () => {
  const counts = (pod: string, failing: (second: number) => boolean, failure = '500'): Evidence[] => {
    let [good, bad] = [0, 0]
    return Array.from({ length: 161 }, (_, second) => {
      if (failing(second)) bad += 5
      else good += 5
      const of = (code: string, value: number) => ({ name: 'http_requests_total', labels: { code }, value })
      return {
        kind: 'sample',
        at: secondAt(second),
        source: 'bets',
        pod,
        ok: true,
        series: [of('200', good), of(failure, bad)],
      }
    })
  }
  const two = standing('bets', 'zone-a-api', 'zone-b-api')
  const run = (...more: readonly (readonly Evidence[])[]) => shown(together(nodes(), two, ...more))

  it('is found where a pod is Ready and most of its answers are errors', () => {
    const judgment = run(
      counts('bets-1', (s) => s > 100 && s < 130),
      counts('bets-2', () => false),
    )
    expect(causesOf(judgment)).toEqual(['ready-but-failing'])
    expect(sentenceOf(judgment, 'ready-but-failing')).toMatch(
      /^Pods of bets stayed Ready .*: bets-1 \(1\d\d of 1\d\d in \d+\.\d s\)\.$/,
    )
  })

  it('is found where callers of a Ready pod time out', () => {
    const judgment = run(
      counts('bets-1', (s) => s > 100 && s < 130, '499'),
      counts('bets-2', () => false),
    )
    expect(causesOf(judgment)).toEqual(['ready-but-failing'])
  })

  it('is not found where a pod refuses requests', () => {
    const judgment = run(
      counts('bets-1', (s) => s > 100 && s < 130, '409'),
      counts('bets-2', () => false),
    )
    expect(causesOf(judgment)).toEqual([])
  })

  it.each<[string, Evidence[]]>([
    [
      'for no longer than a probe needs to notice',
      together(
        counts('bets-1', (s) => s > 100 && s < 118),
        counts('bets-2', () => false),
      ),
    ],
    [
      'all together while a fault lasts',
      together(
        counts('bets-1', (s) => s > 66 && s < 95),
        counts('bets-2', (s) => s > 66 && s < 95),
      ),
    ],
    [
      'now and then',
      together(
        counts('bets-1', (s) => s % 4 === 0),
        counts('bets-2', () => false),
      ),
    ],
  ])('is not found where pods fail %s', (_, more) => {
    expect(causesOf(run(more))).toEqual([])
  })

  it('is found during a fault where other pods of the app do not fail', () => {
    expect(
      causesOf(
        run(
          counts('bets-1', (s) => s > 66 && s < 95),
          counts('bets-2', () => false),
        ),
      ),
    ).toEqual(['ready-but-failing'])
  })
})
