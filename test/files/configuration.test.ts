/** A release of configuration in its files: what it becomes, and what is refused. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { codesOf } from './stock.ts'

const REHEARSAL = 'test/detection/config.rehearsal.yaml'
const TARGET = 'scenarios/targets/lab.yaml'
const FLAG = "config: {configMap: features, set: {promo-widget: 'off'}}"

function parsed(from = '', to = '') {
  const read = (path: string) => {
    const text = readFileSync(path, 'utf8')
    if (path === REHEARSAL) expect(text).toContain(from)
    return path === REHEARSAL ? text.replace(from, to) : text
  }
  const target = parseTarget({ read }, TARGET)
  if (!target.ok) throw new Error('the target of the lab does not parse')
  return { target: target.value, rehearsal: parseRehearsal({ read }, REHEARSAL, target.value) }
}

const configs = ({ rehearsal }: ReturnType<typeof parsed>) =>
  rehearsal.ok ? rehearsal.value.actions.map(({ act }) => 'config' in act && act.config) : codesOf(rehearsal)

describe('a release of configuration', () => {
  it('sets values, with a checksum in the pod template or without', () => {
    expect(configs(parsed())).toEqual([
      { kind: 'values', configMap: 'payments-api', set: { PSP_TIMEOUT_MS: '550' }, checksum: 'checksum/config' },
      { kind: 'values', configMap: 'features', set: { 'promo-widget': 'off' } },
    ])
  })

  it('puts another ConfigMap in its place', () => {
    const both = parsed(FLAG, 'config: {configMap: features, replaceBy: features-2}')
    expect(configs(both)[1]).toEqual({ kind: 'replaced', configMap: 'features', by: 'features-2' })
  })

  it.each([
    ['that sets nothing', 'config: {configMap: features, set: {}}', 'missing-key'],
    ['without values', 'config: {configMap: features}', 'missing-key'],
    ['by the same ConfigMap', 'config: {configMap: features, replaceBy: features}', 'wrong-value'],
    [
      'with values and another ConfigMap',
      "config: {configMap: features, set: {a: 'b'}, replaceBy: other}",
      'unknown-key',
    ],
    ['of a key that cannot be one', "config: {configMap: features, set: {a/b: 'c'}}", 'wrong-value'],
  ])('%s is refused', (_, to, code) => {
    expect(codesOf(parsed(FLAG, to).rehearsal).map((each) => each.replace(/:.*/, ''))).toEqual([code])
  })
})

it('the metric by which pods tell their configuration is read with the others', () => {
  const { metrics, configuration } = parsed().target.sources.gateway ?? {}
  expect(configuration).toEqual({ metric: 'config_info', label: 'digest' })
  expect(metrics).toContain('config_info')
})
