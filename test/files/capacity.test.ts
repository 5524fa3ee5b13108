import { expect, it } from 'vitest'
import { parseCapacity } from '../../src/files/capacity.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { accepted, keyFiles } from '../support/key-files.ts'

const target = accepted(parseTarget(keyFiles, 'target.yaml'))
const rehearsal = accepted(parseRehearsal(keyFiles, 'run.rehearsal.yaml', target))
const FILE = 'capacity.yaml'
const metrics = 'gauge: queue_length, of'

it.each([
  ['both', 'gauge: queue_length, counter: queue_length, of', 'keep one.'],
  ['neither', 'of', 'add one.'],
])('a resource with %s of gauge and counter is refused at its line', (_, written, next) => {
  const source = keyFiles.read(FILE) ?? ''
  const line = source.split('\n').findIndex((each) => each.includes(metrics)) + 1
  const text = source.replace(metrics, written)
  const { sessionOn } = accepted(parseCapacity({ read: (path) => (path === FILE ? text : keyFiles.read(path)) }, FILE))
  const session = sessionOn(target, rehearsal)
  const issue = { code: 'wrong-value', problem: 'A resource has either a gauge or a counter.', next }
  expect(session).toMatchObject({ ok: false, issues: [{ at: { file: FILE, line }, ...issue }] })
})
