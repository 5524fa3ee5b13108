const MIB = 2 ** 20
const OLD_MIB = { least: 256, most: 2048 }
const LEAST_SEMI_SPACE_MIB = 1
/** V8 rounds up to a power of two. */
const OLD_TO_SEMI_SPACE = 32

/**
 * The heap that V8 uses in a container with this memory limit (bytes; 0: no limit), as options of Node. On a real node V8 reads the limit
 * from the cgroup. The lab has no cgroups, and each process would let its heap grow as if it had the whole machine. Measured with Node 24
 * in cgroups of 64 MiB to 8 GiB: the old generation gets half of the limit, at least 256 MiB and at most 2 GiB. Each of the three
 * semi-spaces gets 1 MiB with the smallest old generation, and 1/32 of a larger one.
 */
export function heapOptions(memoryLimitBytes: number): readonly string[] {
  if (memoryLimitBytes <= 0) return []
  const half = Math.floor(memoryLimitBytes / 2 / MIB)
  const old = Math.min(Math.max(half, OLD_MIB.least), OLD_MIB.most)
  const semiSpace = old === OLD_MIB.least ? LEAST_SEMI_SPACE_MIB : 2 ** Math.ceil(Math.log2(old / OLD_TO_SEMI_SPACE))
  return [`--max-old-space-size=${old}`, `--max-semi-space-size=${semiSpace}`]
}
