const MIB = 2 ** 20
const OLD_MIB = { least: 256, most: 2048 }
const LEAST_SEMI_SPACE_MIB = 1
/** V8 rounds up to a power of two. */
const OLD_TO_SEMI_SPACE = 32

/**
 * The heap that V8 takes for itself in a container with this memory limit (bytes; 0: none), as options of Node. On a node of a cluster
 * it reads the limit from the cgroup; in the lab there is none, and each process would let its heap grow as if the machine were its own.
 * Measured with Node 24 in cgroups of 64 MiB to 8 GiB: the old generation gets half of the limit, at least 256 MiB and at most 2 GiB; a
 * semi-space, of which there are three, gets 1 MiB beside the least old generation, and a 32nd of a larger one.
 */
export function heapOptions(memoryLimitBytes: number): readonly string[] {
  if (memoryLimitBytes <= 0) return []
  const half = Math.floor(memoryLimitBytes / 2 / MIB)
  const old = Math.min(Math.max(half, OLD_MIB.least), OLD_MIB.most)
  const semiSpace = old === OLD_MIB.least ? LEAST_SEMI_SPACE_MIB : 2 ** Math.ceil(Math.log2(old / OLD_TO_SEMI_SPACE))
  return [`--max-old-space-size=${old}`, `--max-semi-space-size=${semiSpace}`]
}
