import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tempFolder } from '../../support/temp-folder.ts'
import { entriesOf, nameOf, resultOf, runSpec } from './ginkgo.ts'

const entry = (State: string, more: object = {}) => ({
  ContainerHierarchyTexts: ['[sig-apps] Job'],
  LeafNodeText: 'should delete a job [Conformance]',
  LeafNodeType: 'It',
  State,
  RunTime: 12_400_000_000,
  ...more,
})
const setUp = { ContainerHierarchyTexts: null, LeafNodeText: '', LeafNodeType: 'SynchronizedBeforeSuite', RunTime: 0 }
const Failure = { Message: 'Timed out\n\n  after 300 s: pod at 0xc000123456 in "/tmp/md-1a/l/x", gid=7(me)' }
const reportOf = (...SpecReports: object[]) => JSON.stringify([{ SpecReports }])

describe('the report of one spec', () => {
  it.each([
    ['passed', [entry('skipped'), entry('passed')], { kind: 'passed', seconds: 12 }],
    [
      'failed, in one line without addresses of memory, or folders and users of the machine',
      [entry('failed', { Failure })],
      { kind: 'failed', seconds: 12, message: 'Timed out after 300 s: pod at 0x… in "(path)", gid=7' },
    ],
    [
      'took too long',
      [entry('timedout', { Failure })],
      {
        kind: 'failed',
        seconds: 12,
        message: 'took longer than 400 s; Timed out after 300 s: pod at 0x… in "(path)", gid=7',
      },
    ],
    [
      'did not begin, because the suite failed before',
      [{ ...setUp, State: 'failed', Failure: { Message: 'no nodes' } }, entry('skipped')],
      { kind: 'unrun', message: 'no nodes' },
    ],
    [
      'skipped itself, and said why',
      [entry('skipped', { Failure: { Message: 'only on GCE' } })],
      { kind: 'unrun', message: 'only on GCE' },
    ],
    ['is not in the suite', [entry('skipped')], { kind: 'unrun', message: 'the suite has no such spec' }],
    ['was interrupted', [entry('interrupted')], { kind: 'unrun', message: 'interrupted' }],
  ])('%s', (_, entries, expected) => {
    expect(resultOf(entriesOf(reportOf(...entries)))).toEqual(expected)
  })

  it('names the spec by its containers and its text', () => {
    expect(entriesOf(reportOf(entry('passed'))).map(nameOf)).toEqual([
      '[sig-apps] Job should delete a job [Conformance]',
    ])
  })
})

describe('the run of one spec', () => {
  const run = (script: string, scratch: string, signal = new AbortController().signal, name = 'a spec') => {
    const suite = join(scratch, 'suite.sh')
    writeFileSync(suite, script)
    const log = join(scratch, 'spec.log')
    return runSpec({ command: ['/bin/sh', suite, '--kubeconfig=k'], name, scratch, log, signal })
  }

  it('gives the suite its focus and reads the report that it asked for', async () => {
    const scratch = tempFolder()
    const script = `for word; do case $word in -ginkgo.json-report=*) cp report.json "\${word#*=}";; *) echo "$word";; esac; done`
    writeFileSync(join(scratch, 'report.json'), reportOf(entry('passed')))
    expect(await run(script, scratch)).toEqual({ kind: 'passed', seconds: 12 })
    const log = readFileSync(join(scratch, 'spec.log'), 'utf8').split('\n')
    expect(log).toEqual(expect.arrayContaining(['--kubeconfig=k', '-ginkgo.focus=a spec$']))
  })

  it.each([
    ['a spec', '400s'],
    ['a spec [Slow]', '900s'],
  ])('limits the time of %s to %s', async (name, limit) => {
    const scratch = tempFolder()
    await run('echo "$@"', scratch, undefined, name)
    expect(readFileSync(join(scratch, 'spec.log'), 'utf8')).toContain(`-ginkgo.timeout=${limit}`)
  })

  it('claims nothing when the suite wrote no report', async () => {
    expect(await run('exit 3', tempFolder())).toMatchObject({
      kind: 'unrun',
      message: expect.stringContaining('wrote no report'),
    })
  })

  it('ends the suite at once when it is stopped', async () => {
    const stop = new AbortController()
    const running = run('exec sleep 60', tempFolder(), stop.signal)
    stop.abort(new Error('stopped'))
    await expect(running).rejects.toThrow('stopped')
  })
})
