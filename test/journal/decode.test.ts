import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { decodeHead, decodeLine } from '../../src/journal/format/decode.ts'
import { encodeRecord, FORMAT } from '../../src/journal/format/encode.ts'
import { upgraded, versionOf } from '../../src/journal/format/upgrade.ts'
import { runStarted } from '../support/evidence.ts'

type Json = Record<string, unknown>
const headOfFormat = (format: number): Json =>
  JSON.parse(readFileSync(`test/journal/golden/format-${format}.ndjson`, 'utf8').split('\n')[0] ?? '') as Json
const formats = Array.from({ length: FORMAT + 1 }, (_, format) => format)

describe('the head of a journal', () => {
  const withFormat = (format: unknown) =>
    decodeHead(JSON.stringify({ ...JSON.parse(encodeRecord(runStarted())), format }))

  it.each([-1, 1.5, FORMAT + 1, '3', null])('is of another format: %j', (format) => {
    expect(withFormat(format)).toEqual({ is: 'other-format', format: String(format) })
  })

  it('is of another format that is no text either', () => {
    expect(withFormat({ toString: 1 })).toEqual({ is: 'other-format', format: '{"toString":1}' })
  })

  it('is of the format of today', () => expect(withFormat(FORMAT)).toMatchObject({ is: 'head', version: FORMAT }))

  it.each([
    ['no JSON', '{', 'the line is not a JSON object'],
    ['a list', '[]', 'the line is not a JSON object'],
    ['another record', '{"kind":"run-ended"}', 'its first record is run-ended, not run-started'],
    ['a record without a kind', '{}', 'its first record is undefined, not run-started'],
    ['of a kind that is no text', '{"kind":{"toString":1}}', 'its first record is {"toString":1}, not run-started'],
  ])('is none when it is %s', (_, text, problem) => expect(decodeHead(text)).toEqual({ is: 'no-head', problem }))

  it('is none when one of its faults is of a kind that this version does not know', () => {
    const text = encodeRecord(runStarted()).replaceAll('"kind":"NetworkChaos"', '"kind":"MoonChaos"')
    expect(decodeHead(text)).toEqual({
      is: 'no-head',
      problem: 'the line (run-started) has a fault of the unknown kind "MoonChaos"',
    })
  })

  it('is none when the target of a fault is something else', () => {
    const head = JSON.parse(encodeRecord(runStarted())) as { timeline: { faults: { object: { spec: Json } }[] } }
    const [fault] = head.timeline.faults
    if (fault === undefined) throw new Error('no fault')
    fault.object.spec = { ...fault.object.spec, target: 5 }
    expect(decodeHead(JSON.stringify(head))).toEqual({
      is: 'no-head',
      problem: 'the line (run-started) has a fault whose NetworkChaos cannot be read',
    })
  })

  it.each(formats)('of format %i is refused with a reason, whichever of its values is something else', (format) => {
    const head = headOfFormat(format)
    const strange = [5, null, 'x', [], [5], {}]
    for (const [key, value] of Object.entries(head))
      for (const other of strange) {
        expect(['head', 'no-head', 'other-format']).toContain(decodeHead(JSON.stringify({ ...head, [key]: other })).is)
        if (typeof value !== 'object' || value === null) continue
        for (const inner of Object.keys(value))
          expect(['head', 'no-head', 'other-format']).toContain(
            decodeHead(JSON.stringify({ ...head, [key]: { ...value, [inner]: other } })).is,
          )
      }
  })
})

describe('a line of a journal', () => {
  it('without a kind is lost', () => {
    expect(decodeLine('{"at":1}', FORMAT)).toEqual({ ok: false, problem: 'has no kind' })
    expect(decodeLine('{"kind":1,"at":1}', FORMAT)).toEqual({ ok: false, problem: 'has no kind' })
  })

  it('says of which kind it was when it is malformed', () => {
    expect(decodeLine('{"kind":"run-ended","at":1}', FORMAT)).toMatchObject({ ok: false, kind: 'run-ended' })
  })

  it.each([true, false, 5, 'x'])('holds the field of an undo with the value %j', (wrote) => {
    const undo = { does: 'restore-field', path: '/a', field: ['spec', 'paused'], wrote, was: null }
    const written = (changed: object) =>
      decodeLine(JSON.stringify({ kind: 'undo-written', at: 1, id: 'a', undo: { ...undo, ...changed } }), FORMAT)
    expect(written({})).toMatchObject({ ok: true })
    expect(written({ was: wrote })).toMatchObject({ ok: true })
    expect(written({ wrote: {} })).toMatchObject({ ok: false })
    expect(written({ wrote: null })).toMatchObject({ ok: false })
  })

  it('holds null where something was not there, and never a number that is not finite', () => {
    const undo = { does: 'restore-field', path: '/a', field: ['spec'], wrote: 'null', was: null } as const
    const record = { kind: 'undo-written', at: instant(1), id: 'null', undo } as unknown as Evidence
    expect(JSON.parse(encodeRecord(record))).toEqual(record)
    const odd = { ...record, undo: { ...undo, wrote: Number.NaN } } as unknown as Evidence
    expect(() => encodeRecord(odd)).toThrow('evidence must not hold NaN: undo-written.undo.wrote.')
  })

  const withValue = (root: Json, [key = '', ...rest]: readonly string[], value: unknown): Json => ({
    ...root,
    [key]: rest.length === 0 ? value : withValue(root[key] as Json, rest, value),
  })
  const stopped = { is: 'cutover-stopped', step: 'ready', ends: 'back', problem: 'late' }

  it.each([
    ['rehearsal.load.own', JSON.parse(encodeRecord(runStarted())) as Json],
    ['timeline.load.handlesSummary', JSON.parse(encodeRecord(runStarted())) as Json],
    ['timeline.load.bundled', JSON.parse(encodeRecord(runStarted())) as Json],
    ['step.differs', { kind: 'action-step', at: 1, action: 'move', step: stopped }],
    ['step.unread', { kind: 'action-step', at: 1, action: 'move', step: stopped }],
  ])('has %s only as true', (path, line) => {
    const isRead = (value: unknown) => decodeLine(JSON.stringify(withValue(line, path.split('.'), value)), FORMAT).ok
    expect([true, undefined, false].map(isRead)).toEqual([true, true, false])
  })

  it.each([
    ['with its executor', { executor: 'constant-vus', vus: 1 }, true],
    ['whose executor is no text', { executor: 5 }, false],
    ['without an executor', {}, false],
    ['that is no object', 'constant-vus', false],
  ])('holds a scenario of k6 %s: %j', (_, scenario, isRead) => {
    const outside = { scenarios: { a: scenario }, shown: [], endsMs: 1, drainMs: 1 }
    const head = JSON.parse(encodeRecord(runStarted())) as Json
    const line = JSON.stringify(withValue(head, ['timeline', 'load', 'outside'], outside))
    expect(decodeLine(line, FORMAT).ok).toBe(isRead)
  })

  it('does not hold a doubt: that is made when a journal is read', () => {
    const doubt = { kind: 'evidence-doubted', at: instant(1), doubt: 'changed', problem: 'line 2' } as const
    expect(() => encodeRecord(doubt)).toThrow('a doubt about a journal is not written into it')
  })
})

describe('a record of an earlier format', () => {
  it.each([
    ['0, which says 1', { format: 1, rehearsal: {} }, 0],
    ['1', { format: 1, rehearsal: { actions: [] } }, 1],
    ['1 with a damaged rehearsal', { format: 1, rehearsal: 'x' }, 1],
    ['2', { format: 2, rehearsal: {} }, 2],
  ])('has the format %s', (_, head, version) => expect(versionOf(head)).toBe(version))

  it('0 gets the only kinds of guardrail and witness that there were, and keeps what it says', () => {
    const head = {
      kind: 'run-started',
      rehearsal: {
        guardrails: [{ sli: 'login' }, { sli: 'bet', kind: 'burn' }],
        faults: [{ witness: { of: 'gateway' } }, { witness: { kind: 'ready' } }],
      },
      timeline: {},
      target: { addresses: { a: 'b' } },
    }
    expect(upgraded(head, 0)).toMatchObject({
      rehearsal: {
        actions: [],
        guardrails: [{ kind: 'availability' }, { kind: 'burn' }],
        faults: [
          { witness: { kind: 'rate', direction: 'falls', where: {}, of: 'gateway' } },
          { witness: { kind: 'ready' } },
        ],
      },
      timeline: { actions: [] },
      target: { databases: {}, addresses: { a: 'b' } },
    })
  })

  it('1 has connections summed over the pods, and nothing else', () => {
    const rehearsal = { actions: [], expectations: [{ kind: 'connections' }, { kind: 'drain' }] }
    expect(upgraded({ kind: 'run-started', rehearsal }, 1)).toMatchObject({
      rehearsal: { expectations: [{ kind: 'connections', pods: 'sum', where: {} }, { kind: 'drain' }] },
    })
    expect(upgraded({ kind: 'run-started', rehearsal }, 1)).not.toHaveProperty('rehearsal.expectations.1.pods')
  })

  const series = [
    { name: 'up', value: 1 },
    { name: 'calls', value: null },
  ]
  it.each([
    [
      'a scrape with a value that was no number',
      { ok: true, series },
      { ok: false, problem: 'the value of calls was not a finite number' },
    ],
    [
      'a value of a name that is no text',
      { ok: true, series: [{ name: { toString: 1 }, value: null }] },
      { ok: false, problem: 'the value of {"toString":1} was not a finite number' },
    ],
    ['a scrape of numbers', { ok: true, series: series.slice(0, 1) }, { ok: true, series: series.slice(0, 1) }],
    ['a failed scrape', { ok: false, series }, { ok: false, series }],
    ['a scrape without a list', { ok: true, series: 5 }, { ok: true, series: 5 }],
  ])('1 turns only a value that was no number into a failed scrape: %s', (_, sample, expected) => {
    expect(upgraded({ kind: 'sample', ...sample }, 1)).toEqual({ kind: 'sample', ...expected })
    expect(upgraded({ kind: 'sample', ...sample }, 2)).toEqual({ kind: 'sample', ...sample })
  })

  it('2 has providers of calls only where a failover between them was expected', () => {
    const failover = { kind: 'failover', from: 'a', to: 'b' }
    const calls = (rehearsal: unknown) => upgraded({ kind: 'run-started', rehearsal, target: {} }, 2).target
    expect(
      calls({ faults: [{ expect: [failover, { kind: 'alerts' }] }], actions: [{ expect: [failover] }] }),
    ).toMatchObject({
      providerCalls: [{ providers: ['a', 'b'] }],
    })
    expect(calls({ faults: [{ expect: [{ kind: 'alerts', from: 'a', to: 'b' }] }] })).toMatchObject({
      providerCalls: [],
    })
    expect(calls('x')).toMatchObject({ providerCalls: [] })
  })

  it('2 says which indicators are refusals and unions, and leaves a load without sockets so', () => {
    const load = { arrivals: { login: 1, 'forged-login': 1 } }
    const head = upgraded({ kind: 'run-started', rehearsal: { load }, timeline: { load: {} }, target: {} }, 2)
    expect(head.rehearsal).toStrictEqual({
      load,
      slis: { api: { kind: 'union', of: ['login', 'deposit', 'bet'] }, 'forged-login': { kind: 'refusal' } },
    })
    expect(head.timeline).toStrictEqual({ load: { unions: { api: ['login', 'deposit', 'bet'] } } })
    const books = [{ book: 'wallet' }, { book: 'psp' }]
    expect(upgraded({ kind: 'run-started', target: { books } }, 2).target).toMatchObject({
      books: [{ book: 'wallet', ledger: true }, { book: 'psp' }],
    })
  })
})
