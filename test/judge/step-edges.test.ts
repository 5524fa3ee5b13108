/** What is kept of faults and actions, step by step. */
import { describe, expect } from 'vitest'
import type { ActionStepData, FaultStepData } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { actionLives } from '../../src/judge/seen/action-lives.ts'
import { faultLives } from '../../src/judge/seen/fault-lives.ts'
import { it, noted } from '../support/reviewed.ts'

const round = { canary: 1, stable: 0, unnamed: 0, failed: 0, moved: 0 }

/** The same step twice, of which mostly the first counts. */
const twice = (...steps: readonly ActionStepData[]) => {
  const lives = actionLives()
  for (const [index, step] of [...steps, ...steps].entries()) lives.add('a', step, { at: index * 10, line: index + 1 })
  return noted(lives.of('a'))
}

describe('an action', () => {
  it.each<[string, readonly ActionStepData[]]>([
    ['that was admitted', [{ is: 'admitted', targets: [], pods: ['casino/a'], limit: 1, note: '' }]],
    [
      'that was begun and done',
      [
        { is: 'begun', targets: ['Node/a'] },
        { is: 'done', note: 'x' },
      ],
    ],
    ['that was refused', [{ is: 'refused', problem: 'x' }]],
    [
      'that failed, and could not be taken back',
      [
        { is: 'failed', problem: 'x' },
        { is: 'heal-failed', problem: 'y' },
      ],
    ],
    ['that was taken back', [{ is: 'heal-requested' }, { is: 'healed' }]],
    ['that is kept', [{ is: 'kept' }]],
    [
      'whose trigger was armed and missed',
      [
        { is: 'armed', note: 'x' },
        { is: 'trigger-missed', note: 'y' },
      ],
    ],
    [
      'that evicts',
      [
        { is: 'evicted', pod: 'casino/a', node: 'n' },
        { is: 'eviction-refused', pod: 'casino/b', node: 'n', problem: 'budget' },
      ],
    ],
    [
      'with a preview',
      [
        { is: 'previewed', request: 'GET /', asked: 2, good: 1, problem: 'x' },
        { is: 'preview-decided', outcome: 'roll-back', counted: 1 },
      ],
    ],
    ['with cohorts', [{ is: 'cohorts-visited', canary: round, stable: { ...round, canary: 0, stable: 2 } }]],
    ['with answers', [{ is: 'answers-compared', request: 'GET /', asked: 2, compared: 1, different: [] }]],
    ['with books', [{ is: 'books-counted', books: [], problem: 'x' }]],
    ['with configuration', [{ is: 'config-written', configMap: 'c', was: 'a', now: 'b', taken: ['files'] }]],
    [
      'with a migration',
      [
        { is: 'migration-begun', migration: 'm', job: 'j' },
        { is: 'migration-done', migration: 'm' },
      ],
    ],
    [
      'with steps, of which one was held and promoted',
      [
        { is: 'step-set', step: 1, share: ratio(0.1), release: 'b2' },
        { is: 'step-decided', step: 1, outcome: 'hold', reason: 'undecided', note: 'x' },
        { is: 'step-set', step: 2, share: ratio(0.5) },
        { is: 'step-decided', step: 1, outcome: 'promote', note: 'y' },
      ],
    ],
    [
      'whose controller aborted it',
      [{ is: 'step-decided', step: 1, outcome: 'roll-back', reason: 'aborted', note: 'x' } as ActionStepData],
    ],
    [
      'that restores',
      [
        { is: 'restore-step', step: 'point-set', note: 'x' },
        { is: 'restore-step', step: 'archived', note: 'y' },
        { is: 'copy-failed', problem: 'z' },
        { is: 'copy-read', book: 'b', cuts: [], live: [], copy: [] },
      ],
    ],
    [
      'that cuts over',
      [
        { is: 'cutover-begun', step: 'ready' },
        { is: 'cutover-proven', step: 'ready', note: 'x' },
        { is: 'cutover-share', share: ratio(0.5) },
        { is: 'cutover-stopped', step: 'drain', ends: 'back', problem: 'y' },
        { is: 'regions-read', step: 'promote', from: 'no', to: 'yes' },
        { is: 'region-book', book: 'b', region: 'new', cuts: [], cells: [] },
      ],
    ],
  ])('%s', (_, steps) => expect(twice(...steps)?.lines).toHaveLength(2 * steps.length))

  it('keeps twenty lines', () => {
    const lines = (n: number) =>
      twice(...Array.from({ length: n }, (): ActionStepData => ({ is: 'kept' })))?.lines.at(-1)
    expect([lines(10), lines(11)]).toEqual([20, 20])
  })
})

describe('a fault', () => {
  const life = (...steps: readonly FaultStepData[]) => {
    const lives = faultLives()
    for (const [index, step] of steps.entries()) lives.add('f', step, { at: index * 10, line: index + 1 })
    return noted(lives.of('f'))
  }
  const coverage = (covered: number, matching: number, ...escaped: readonly string[]): FaultStepData => ({
    is: 'coverage',
    covered,
    matching,
    escaped,
  })
  const created: FaultStepData = { is: 'created', namespace: 'n', name: 'x', uid: 'u' }

  it('is created and injected once, into all pods that it covers then and later', () => {
    const found = life(created, { is: 'injected', pods: ['b'] }, created, { is: 'injected', pods: ['a', 'b'] })
    expect([found?.created?.at, found?.injected?.at, found?.injected?.pods]).toEqual([0, 10, ['a', 'b']])
  })

  it.each<[string, readonly FaultStepData[], number, readonly number[]]>([
    ['none of none', [coverage(0, 0)], 1, []],
    ['more than match', [coverage(3, 2)], 1, []],
    ['half, then all', [coverage(1, 2, 'b', 'a'), coverage(2, 2, 'a')], 0.5, [10]],
    ['all, then half', [coverage(2, 2), coverage(1, 2, 'b')], 0.5, []],
    ['as many as before', [coverage(2, 4), coverage(2, 3)], 0.5, []],
    ['more each time', [coverage(1, 4), coverage(2, 4), coverage(3, 4)], 0.25, [10, 20]],
  ])('covers %s', (_, steps, share, newcomers) => {
    const found = life(...steps)
    expect([found?.coverage?.share, found?.newcomersAt]).toEqual([share, newcomers])
  })

  it('has the first answer at its gate, and who gave it', () => {
    const closed = (answer: 'go' | 'no-go', who?: string): FaultStepData => ({
      is: 'gate-closed',
      answer,
      ...(who === undefined ? {} : { who }),
    })
    expect(life(closed('no-go', 'Ana'), closed('go'))?.gate).toMatchObject({ answer: 'no-go', who: 'Ana' })
    expect(Object.keys(life(closed('go'))?.gate ?? {})).not.toContain('who')
  })
})
