import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { healthOf, hostTicks } from '../../../src/adapters/k6/health.ts'

describe('the generator’s health', () => {
  it('counts idle and I/O wait as not busy', () => {
    expect(hostTicks('cpu  10 1 5 80 4 0 0 0 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n')).toEqual({ busy: 16, total: 100 })
  })

  it('measures a process that works and one that is gone', async () => {
    const measure = healthOf(process.pid, 'k6')
    const start = performance.now()
    expect(await measure(start)).toBeUndefined()
    const before = process.cpuUsage()
    while (performance.now() - start < 300) Math.sqrt(start)
    // How much of the machine this process got is not for this test to say; that it is told truly is.
    const { user, system } = process.cpuUsage(before)
    const end = performance.now()
    const health = await measure(end)
    const cores = (user + system) / 1000 / (end - start)
    expect(Math.abs((health?.cpuCores ?? 0) - cores)).toBeLessThan(0.1)
    expect(health?.hostBusy).toBeGreaterThan(0)
    expect(health?.rssBytes).toBeGreaterThan(10_000_000)
    await sleep(1)
    expect(await healthOf(2 ** 22 + 1, 'k6')(1)).toBeUndefined()
  })
})
