/** Money in every book. */
import { money } from '../../domain/show.ts'
import type { Judgment, LedgerResult } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { whole } from '../words.ts'
import { cell, row, section, table } from './markup.ts'

export function ledger({ ledger: result }: Judgment): Html {
  if (!result) return html``
  const summary = result.reconciled
    ? html`<p class="good">✓ Reconciled: every acknowledged operation is on every book that must hold it, none twice.</p>`
    : html`<p class="bad">✗ Not reconciled.</p>`
  const unsettled = result.settled ? html`` : html`<p class="warn">? Not all books settled in time.</p>`
  const heads = ['operation', 'book', 'count', 'amount', 'twice', 'remark', 'agrees']
  return section(
    'ledger',
    'Money',
    html`${summary}${unsettled}${table(heads, result.operations.flatMap(operationRows), 'Money in every book')}`,
  )
}

const operationRows = ({ operation, client, books }: LedgerResult['operations'][number]): readonly Html[] => [
  row([
    cell(operation),
    cell('client'),
    cell(whole(client.acknowledged)),
    cell(money(client.amountCents)),
    cell('–'),
    cell(`${client.unknown} unknown, ${client.refused} refused`),
    cell('–'),
  ]),
  ...books.map((book) =>
    row([
      cell(''),
      cell(book.book),
      cell(whole(book.count)),
      cell(money(book.amountCents)),
      cell(String(book.duplicates)),
      cell(book.sentence),
      cell(book.agrees ? '✓ agrees' : '✗ differs', book.agrees ? 'good' : 'bad'),
    ]),
  ),
]
