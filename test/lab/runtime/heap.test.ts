import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { heapOptions } from '../../../src/lab/runtime/container/heap.ts'

const MIB = 2 ** 20

/** What Node 24 used in a cgroup with that limit: old generation and three semi-spaces, in MiB. */
const MEASURED = [
  [64, 259],
  [256, 259],
  [512, 259],
  [520, 308],
  [768, 432],
  [1024, 560],
  [1500, 846],
  [2048, 1120],
  [4096, 2240],
  [8192, 2240],
] as const

describe('the heap of a Node process in the lab', () => {
  it.each(MEASURED)('with a memory limit of %i MiB is as under a cgroup: %i MiB', (limit, heap) => {
    const script = 'process.stdout.write(String(v8.getHeapStatistics().heap_size_limit))'
    const bytes = execFileSync(process.execPath, [...heapOptions(limit * MIB), '-e', script], { encoding: 'utf8' })
    expect(Number(bytes) / MIB).toBe(heap)
  })

  it("is the machine's default if the pod has no limit", () => {
    expect(heapOptions(0)).toEqual([])
  })
})
