import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { createK6Log } from '../../../src/adapters/k6/log.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const line = (entry: object): string => `${JSON.stringify(entry)}\n`

describe('the log of k6', () => {
  it('is kept and summarised: equal warnings once with their count, without the mark of the start', async () => {
    const folder = tempFolder()
    const said = [
      line({ level: 'info', msg: 'matchday-zero 1795472814177' }),
      line({ level: 'warning', msg: 'Request Failed', error: 'dial tcp 127.0.0.1:4001: connection refused' }),
      line({ level: 'warning', msg: 'Request Failed', error: 'dial tcp 127.0.0.1:4002: connection refused' }),
      line({ level: 'info', msg: 'nothing special' }),
      'panic: the sky falls\n',
    ]
    const zeros: number[] = []
    const log = createK6Log(Readable.from(said), Readable.from(['a banner\n']), join(folder, 'k6.log'), (at) =>
      zeros.push(at),
    )
    await log.closed
    expect(zeros).toEqual([1_795_472_814_177])
    expect(log.problems()).toEqual([
      'Request Failed: dial tcp 127.0.0.1:4001: connection refused (2 times)',
      'panic: the sky falls',
    ])
    const kept = await readFile(join(folder, 'k6.log'), 'utf8')
    for (const each of [...said, 'a banner\n']) expect(kept).toContain(each)
  })
})
