import { expect, it } from 'vitest'
import { parseStock, REHEARSAL } from './stock.ts'

it.each([
  ['none', { failback: 'none' }],
  // The default needs no mention, so that journals stay as they were.
  ['expected', {}],
])('a failover with failback: %s', (written, read) => {
  const parsed = parseStock({ [REHEARSAL]: [['within: 10s}', `within: 10s, failback: ${written}}`]] })
  const moves = parsed.ok ? parsed.value.faults.flatMap((fault) => fault.expect) : []
  const { at: _, ...failover } = moves.find(({ kind }) => kind === 'failover') ?? { at: undefined }
  expect(failover).toEqual({ kind: 'failover', from: 'psp-a', to: 'psp-b', withinMs: 10_000, ...read })
})
