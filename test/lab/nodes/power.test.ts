import { describe, expect, it, vi } from 'vitest'
import { createNodePower, type Power } from '../../../src/lab/nodes/power.ts'

/** What was done, in order; the first `failures` switches of pods fail. */
function bench(failures = 0) {
  const done: string[] = []
  let left = failures
  const power = createNodePower({
    killKubelet: async (node) => void done.push(`kill ${node}`),
    startKubelet: (node) => void done.push(`start ${node}`),
    switchPods: async (node, wanted: Power) => {
      if (left-- > 0) throw new Error('the runtime restarts')
      done.push(`${wanted} ${node}`)
    },
    log: () => {},
  })
  return { power, done }
}

describe('the power of a node', () => {
  it('stops the kubelet first, so that nothing restarts the pods, and starts it last', async () => {
    const { power, done } = bench()
    power.want('a', 'off')
    await vi.waitFor(() => expect(done).toEqual(['kill a', 'off a']))
    expect(power.isOff('a')).toBe(true)
    power.want('a', 'off')
    power.want('a', 'on')
    await vi.waitFor(() => expect(done).toEqual(['kill a', 'off a', 'on a', 'start a']))
    expect([power.isOff('a'), power.isOff('b')]).toEqual([false, false])
  })

  it('is not touched unless it is asked for: a kubelet that was stopped otherwise stays stopped', async () => {
    const { power, done } = bench()
    power.want('a', 'on')
    await Promise.resolve()
    expect(done).toEqual([])
  })

  it('ends in the state that was wanted last, also if that changed during the switch', async () => {
    const { power, done } = bench()
    power.want('a', 'off')
    power.want('a', 'on')
    await vi.waitFor(() => expect(done.at(-1)).toBe('start a'))
    expect(power.isOff('a')).toBe(false)
  })

  it('is switched again after a failure', async () => {
    const { power, done } = bench(2)
    power.want('a', 'off')
    await vi.waitFor(() => expect(done.at(-1)).toBe('off a'), 5_000)
    expect(done.filter((step) => step === 'kill a')).toHaveLength(3)
  })

  it('is not switched on while the lab goes down', async () => {
    const { power, done } = bench()
    power.want('a', 'off')
    await vi.waitFor(() => expect(done.at(-1)).toBe('off a'))
    power.stop()
    power.want('a', 'on')
    await new Promise((resolve) => setImmediate(resolve))
    expect(done).not.toContain('start a')
  })
})
