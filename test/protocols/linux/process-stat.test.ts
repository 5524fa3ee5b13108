import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parseProcessStat } from '../../../src/protocols/linux/process-stat.ts'

const line = (state: string, name = 'node') =>
  `77 (${name}) ${state} 1 77 77 0 -1 4194304 1 2 3 4 150 25 7 8 20 0 9 0 123456 900 80`

describe('a line of /proc/PID/stat', () => {
  it.each(['node', 'my (odd) k6', ') R 9 9', ''])('is parsed although the program is called "%s"', (name) => {
    expect(parseProcessStat(line('S', name))).toEqual({
      parent: 1,
      cpuTicks: 175,
      waitedCpuTicks: 15,
      startTicks: 123456,
      rssPages: 80,
      ended: false,
    })
  })

  it.each([
    ['R', false],
    ['D', false],
    ['Z', true],
    ['X', true],
  ])('in state %s has ended: %s', (state, ended) => expect(parseProcessStat(line(state))?.ended).toBe(ended))

  it.each(['', 'no such process', '77 (node) S 1'])('is not parsed from "%s"', (text) => {
    expect(parseProcessStat(text)).toBeUndefined()
  })

  it('is parsed as this machine writes it', () => {
    expect(parseProcessStat(readFileSync('/proc/self/stat', 'utf8'))).toMatchObject({ parent: process.ppid })
  })
})
