import { describe, expect, it } from 'vitest'
import { BadInput } from '../../src/cli/failure.ts'
import { refuseRunners } from '../../src/cli/runners.ts'
import type { Target } from '../../src/domain/rehearsal.ts'

const at = { file: 'targets/staging.yaml', line: 7, column: 3 }
const load = { runners: 3, namespace: 'load', image: 'k6', relayImage: 'node', cpu: '1', memory: '1Gi', at }

describe('a command that starts a load for each of its blocks', () => {
  it('refuses runners in the cluster before anything is touched, at their line of the target file', () => {
    const refused = () => refuseRunners({ load } as unknown as Target)
    expect(refused).toThrow(BadInput)
    expect(refused).toThrow(expect.objectContaining({ issues: [expect.objectContaining({ at, code: 'wrong-value' })] }))
    expect(() => refuseRunners({} as unknown as Target)).not.toThrow()
  })
})
