import { mkdirSync } from 'node:fs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { labPaths } from '../../../src/lab/machine/paths.ts'
import { createCrew } from '../../../src/lab/owner/crew.ts'
import { openForPods } from '../../../src/lab/owner/open-for-pods.ts'
import { until } from '../../../src/lab/owner/until.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const PROGRAM = ['/bin/sleep', '60'] as const
const KUBELETS = ['kubelet-zone-a-api', 'kubelet-zone-b-api', 'kubelet-zone-c-api']

/** A crew of real processes, and nodes that become Ready when the test says so. */
function bench() {
  const paths = labPaths(tempFolder())
  mkdirSync(paths.logs, { recursive: true })
  const crew = createCrew(paths, () => {})
  onTestFinished(() => crew.stop(crew.names()))
  const ready = new Set<string>()
  const stop = new AbortController()
  let looks = 0
  const holds = () => {
    looks++
    return ready.size === KUBELETS.length
  }
  const opened = openForPods(crew, {
    kubelets: KUBELETS.map((name) => [name, PROGRAM]),
    scheduler: PROGRAM,
    allReady: () => until(holds, { what: 'the nodes', withinMs: 20_000, signal: stop.signal }),
  })
  const looked = async () => {
    const before = looks
    await until(() => looks > before + 1, { what: 'another look', withinMs: 10_000, signal: stop.signal })
  }
  const running = () => crew.states().flatMap(({ name, state }) => (state === 'running' ? [name] : []))
  return { opened, ready, stop, looked, running }
}

describe('a new cluster', () => {
  it('schedules no pod before all nodes are Ready, so that pods do not crowd on the first node', async () => {
    const { opened, ready, looked, running } = bench()
    for (const name of KUBELETS) {
      await looked()
      expect(running()).toEqual(KUBELETS)
      ready.add(name)
    }
    await opened
    expect(running()).toEqual([...KUBELETS, 'kube-scheduler'])
  })

  it('schedules no pod when its boot was aborted', async () => {
    const { opened, stop, running } = bench()
    stop.abort(new Error('Ctrl-C'))
    await expect(opened).rejects.toThrow('Ctrl-C')
    expect(running()).toEqual(KUBELETS)
  })
})
