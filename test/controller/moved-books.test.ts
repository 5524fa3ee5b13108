/** After a cutover the books are read in the region that accepts writes. */
import { expect, it } from 'vitest'
import { createMovedBooks } from '../../src/controller/moved-books.ts'
import type { ActionStepData, Evidence, UndoDone } from '../../src/domain/evidence.ts'
import { actionOf, secondAt, target as stock, withActions } from '../support/evidence.ts'
import { cutoverAct, eastward } from '../support/evidence-cutover.ts'

const target = { ...stock, cutovers: { eastward } }
const proven = (step: 'catch-up' | 'promote'): Evidence => stepped({ is: 'cutover-proven', step, note: '' })
const stepped = (step: ActionStepData): Evidence => ({ kind: 'action-step', at: secondAt(1), action: 'go east', step })
const ID = 'cutover/casino/matchday-cutover-eastward'
const written: Evidence = {
  kind: 'undo-written',
  at: secondAt(0),
  id: ID,
  undo: {
    does: 'end-cutover',
    plan: 'eastward',
    namespace: 'casino',
    name: 'matchday-cutover-eastward',
    from: eastward.from,
    to: eastward.to,
    back: [],
    onward: [],
  },
}
const ended = (outcome: UndoDone['outcome']): Evidence => ({
  kind: 'undo-done',
  at: secondAt(2),
  id: ID,
  by: 'run',
  outcome,
})

it.each<[string, Evidence[], string]>([
  ['before the promotion', [written, proven('catch-up')], 'casino'],
  ['after it', [written, proven('promote')], 'shop-east'],
  ['after it, when the cutover was kept', [written, proven('promote'), ended('kept')], 'shop-east'],
  ['when the cutover was taken back', [written, proven('promote'), ended('undone')], 'casino'],
  ['when it was completed after a late promotion', [written, ended('completed')], 'shop-east'],
])('%s', (_, records, namespace) => {
  const moved = createMovedBooks(withActions(actionOf('go east', cutoverAct)), target)
  for (const record of records) moved.see(record)
  const books = moved.target().books
  expect(books.find(({ book }) => book === 'wallet')?.namespace).toBe(namespace)
  expect(books.filter(({ book }) => book !== 'wallet')).toEqual(stock.books.filter(({ book }) => book !== 'wallet'))
})
