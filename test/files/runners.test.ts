import { describe, expect, it } from 'vitest'
import { parseTarget } from '../../src/files/target.ts'

const target = (load: string) => `apiVersion: matchday.dev/v1
kind: Target
metadata: {name: staging}
spec:
  context: staging
  namespace: shop
  entry: http://shop.example
  sources: {}
${load}`
const parsed = (load: string) => parseTarget({ read: () => target(load) }, 'target.yaml')

describe('load of the target file', () => {
  it('has defaults for everything but the number of runners', () => {
    const result = parsed('  load: {runners: 3}\n')
    expect(result.ok && result.value.load).toEqual({
      runners: 3,
      namespace: 'matchday-load',
      image: 'grafana/k6:2.2.0',
      relayImage: 'node:24-alpine',
      cpu: '1',
      memory: '1Gi',
      at: { file: 'target.yaml', line: 9, column: expect.any(Number) },
    })
    expect(parsed('').ok).toBe(true)
  })

  it('takes what differs', () => {
    const result = parsed(
      '  load: {runners: 1, entry: "http://inside/", cpu: 2, nodeSelector: {pool: load}, tolerates: [load]}\n',
    )
    expect(result.ok && result.value.load).toMatchObject({
      entry: 'http://inside',
      cpu: '2',
      nodeSelector: { pool: 'load' },
      tolerates: ['load'],
    })
  })

  it('says every problem at once', () => {
    const result = parsed('  load: {runners: 0, cpu: two, memory: 1, image: "No Image"}\n')
    expect(result.ok ? [] : result.issues.map(({ at, code }) => [at.line, code])).toEqual([
      [9, 'out-of-range'],
      [9, 'wrong-value'],
      [9, 'wrong-value'],
      [9, 'wrong-value'],
    ])
  })
})
