import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'

const file = 'scenarios/psp-down-at-peak.rehearsal.yaml'
const exported = (...flags: string[]) => performed('load', 'export', file, ...flags)

describe('matchday load export', () => {
  it('names every flag that is missing, before anything starts', async () => {
    const { code, stdout, stderr } = await exported()
    expect([code, stdout]).toEqual([2, ''])
    for (const flag of ['--target', '--testrun', '--remote-write']) expect(stderr).toContain(flag)
  })

  it.each(['prometheus.monitoring:9090', 'ftp://prometheus', 'http://with space'])(
    'refuses %s as remote-write URL',
    async (url) => {
      const target = ['--target', 'scenarios/targets/lab.yaml', '--testrun']
      const { code, stderr } = await exported(...target, '--remote-write', url)
      expect(code).toBe(2)
      expect(stderr).toContain(`"${url}" is not an http URL.`)
    },
  )

  it('needs runners in the target file', async () => {
    const target = ['--target', 'scenarios/targets/lab.yaml', '--testrun', '--remote-write', 'http://prometheus:9090/w']
    const { code, stderr } = await exported(...target)
    expect(code).toBe(2)
    expect(stderr).toContain('Add load: {runners: 3} to the target file.')
  })
})
