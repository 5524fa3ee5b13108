import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isAlive } from '../../../src/lab/machine/processes.ts'
import { type Component, type ComponentPlan, createComponent } from '../../../src/lab/owner/component.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let root = ''
const started: Component[] = []
beforeEach(() => {
  root = tempFolder()
})
afterEach(async () => {
  await Promise.all(started.splice(0).map((component) => component.kill()))
})

const start = (script: string, plan: Partial<ComponentPlan> = {}): Component => {
  const component = createComponent(
    {
      name: 'thing',
      argv: ['/bin/sh', '-c', script],
      root,
      log: join(root, 'log'),
      lifeline: false,
      stopWithinMs: 300,
      ...plan,
    },
    () => {},
  )
  started.push(component)
  component.start()
  return component
}
const log = () => readFileSync(join(root, 'log'), 'utf8')

describe('a component', () => {
  it('is restarted after an unexpected exit, and reports how it ended', async () => {
    const component = start('echo up; exit 3')
    await vi.waitFor(() => expect(log().match(/up/g)?.length).toBeGreaterThan(1), 10_000)
    expect(component.state().restarts).toBeGreaterThanOrEqual(1)
    expect(component.state().lastExit).toBe('exit code 3')
  })

  it('is restarted with growing delays', async () => {
    start('echo up')
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    // At 0, 250, 750 and 1,750 ms.
    expect(log().match(/up/g)?.length).toBeLessThanOrEqual(3)
  })

  it('that was killed on request stays down until it is started', async () => {
    const component = start('exec sleep 60')
    const before = component.state().process
    await component.kill()
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(component.state()).toMatchObject({ state: 'stopped', restarts: 0, lastExit: 'killed by SIGKILL' })
    expect(before && isAlive(before)).toBe(false)
    component.start()
    expect(component.state().state).toBe('running')
  })

  it('that crashes comes back as another process', async () => {
    const component = start('exec sleep 60')
    const before = component.state().process?.pid
    component.crash()
    await vi.waitFor(() => expect(component.state()).toMatchObject({ state: 'running', restarts: 1 }), 10_000)
    expect(component.state().process?.pid).not.toBe(before)
  })

  it('that ignores SIGTERM is killed after the time limit', async () => {
    const component = start('trap "" TERM; echo ready; while :; do sleep 0.05; done')
    await vi.waitFor(() => expect(log()).toContain('ready'), 10_000)
    const beganMs = performance.now()
    await component.stop()
    expect(performance.now() - beganMs).toBeGreaterThan(250)
    expect(component.state()).toMatchObject({ state: 'stopped', lastExit: 'killed by SIGKILL' })
  })

  it('with a lifeline sees the end of its standard input when its owner closes it, and has the mark of its lab', async () => {
    const component = start('cat; echo "gone, $MATCHDAY_LAB_PROCESS"; exec sleep 60', { lifeline: true })
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(log()).not.toContain('gone')
    await component.stop()
    start('echo "mark $MATCHDAY_LAB_PROCESS"; exec sleep 60')
    await vi.waitFor(() => expect(log()).toContain(`mark ${root}`), 10_000)
  })

  it('whose program does not exist waits for its restart instead of throwing', async () => {
    const component = start('', { argv: ['/nothing/here'] })
    await vi.waitFor(() => expect(component.state().lastExit).toContain('ENOENT'), 10_000)
    expect(component.state().process).toBeUndefined()
  })
})
