import { expect, it } from 'vitest'
import { parseCapacity } from '../../src/files/capacity.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { accepted, keyFiles } from '../support/key-files.ts'

const FILE = 'capacity.yaml'
const metrics = 'gauge: queue_length, of'

/** The session with this text in place of the metric of its first resource, and the line of that resource. */
function sessionWith(written: string) {
  const target = accepted(parseTarget(keyFiles, 'target.yaml'))
  const rehearsal = accepted(parseRehearsal(keyFiles, 'run.rehearsal.yaml', target))
  const source = keyFiles.read(FILE) ?? ''
  const line = source.split('\n').findIndex((each) => each.includes(metrics)) + 1
  const text = source.replace(`${metrics}: shop`, written)
  const { sessionOn } = accepted(parseCapacity({ read: (path) => (path === FILE ? text : keyFiles.read(path)) }, FILE))
  return { session: sessionOn(target, rehearsal), line }
}

it.each([
  ['both', 'gauge: queue_length, counter: queue_length, of: shop', 'keep one.'],
  ['neither', 'of: shop', 'add one.'],
])('a resource with %s of gauge and counter is refused at its line', (_, written, next) => {
  const { session, line } = sessionWith(written)
  const issue = { code: 'wrong-value', problem: 'A resource has either a gauge or a counter.', next }
  expect(session).toMatchObject({ ok: false, issues: [{ at: { file: FILE, line }, ...issue }] })
})

it.each(['constructor', 'toString', '__proto__'])('a resource of %s, which is no source, is refused', (of) => {
  const { session, line } = sessionWith(`${metrics}: ${of}`)
  expect(session).toMatchObject({ ok: false, issues: [{ at: { file: FILE, line }, code: 'unknown-source' }] })
})
