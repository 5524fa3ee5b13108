/** The head of a journal with everything that a rehearsal and a target can say (test/files/good/keys): it is read back as it was written. */
import { describe, expect, it } from 'vitest'
import type { RunStarted } from '../../src/domain/evidence.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { decodeLine } from '../../src/journal/format/decode.ts'
import { encodeRecord, FORMAT } from '../../src/journal/format/encode.ts'
import { planTimeline } from '../../src/plan/timeline.ts'
import { runStarted } from '../support/evidence.ts'
import { accepted, keyFiles } from '../support/key-files.ts'

function headOf(name: string, targetFile: string): RunStarted {
  const rehearsal = accepted(parseRehearsal(keyFiles, `${name}.rehearsal.yaml`))
  const target = accepted(parseTarget(keyFiles, targetFile))
  const timeline = accepted(planTimeline(rehearsal, target, { run: 'run-1', seed: 7 }))
  return { ...runStarted(), rehearsal, target, timeline }
}

const heads = [
  ['run', 'target.yaml'],
  ['faults', 'target.yaml'],
  ['actions', 'cutover.target.yaml'],
  ['releases', 'target.yaml'],
] as const

/** What belongs to others is kept as it is, and not checked. */
const FOREIGN = /\.(spec|object)\b|\.job\./

function* places(value: unknown, path: string): Generator<readonly [string, Record<string, unknown>, string]> {
  if (typeof value !== 'object' || value === null) return
  const holder = value as Record<string, unknown>
  for (const key of Object.keys(holder)) {
    yield [`${path}.${key}`, holder, key]
    yield* places(holder[key], `${path}.${key}`)
  }
}

/** The paths at which another value is accepted. */
function acceptedWith(head: RunStarted, other: unknown): readonly string[] {
  const root: unknown = JSON.parse(encodeRecord(head))
  return [...places(root, '')].flatMap(([path, holder, key]) => {
    const before = holder[key]
    holder[key] = other
    const { ok } = decodeLine(JSON.stringify(root), FORMAT)
    holder[key] = before
    return ok && !FOREIGN.test(path) ? [path] : []
  })
}

describe('a head with everything', () => {
  it.each(heads)('is read back as it was written: %s', (name, target) => {
    const head = headOf(name, target)
    const decoded = decodeLine(encodeRecord(head), FORMAT)
    expect(decoded).toEqual({ ok: true, record: head })
  })

  it.each(heads)('is refused where one value is of another type: %s', (name, target) => {
    expect(acceptedWith(headOf(name, target), [[]])).toEqual([])
  })
})
