import { availableParallelism } from 'node:os'
import { type ExpectedBuild, expectedBuilds } from './build-costs.ts'
import { bytesBelow, diskPlan, freeBytes, refuseFullDisk } from './disk.ts'
import { compiledPackages } from './go-folders.ts'
import type { ToolProgress } from './progress.ts'
import { type BuildsSoFar, timeLeftMs } from './time-left.ts'
import type { Tool } from './tools.ts'

/** Of the program that is being built: the packages that go has named, and the time since the first of them. */
export type Compiling = { readonly packages: number; readonly tookMs: number }

/** Programs that are built one after the other: what they need, and how far they are. */
export type BuildSeries = {
  /** Until all of them are built; undefined where it cannot be estimated. */
  leftMs(tool: Tool, compiling: Compiling): number | undefined
  built(tool: Tool, tookMs: number): void
  /** Says what the compiled packages take, if anything was built and they are matchday's own. */
  end(): void
}

type Where = {
  readonly cacheDirectory: string
  readonly goModules: string
  readonly onProgress: (progress: ToolProgress) => void
  readonly env: NodeJS.ProcessEnv
}

/** Says what the builds of `tools` will take. @throws ToolchainError where the disk has too little room for them */
export function startBuildSeries(tools: readonly Tool[], where: Where): BuildSeries {
  const expected = expectedBuilds(tools, availableParallelism())
  if (tools.length > 0) announce(tools, expected, where)
  const built: BuildsSoFar['built'][number][] = []
  return {
    leftMs: (tool, compiling) => {
      const position = tools.indexOf(tool)
      const now = expected[position]
      return now && timeLeftMs({ built, now: { expected: now, ...compiling }, next: expected.slice(position + 1) })
    },
    built: (tool, tookMs) => {
      const one = expected[tools.indexOf(tool)]
      if (one) built.push({ expected: one, tookMs })
    },
    end: () => {
      const compiled = compiledPackages(where.cacheDirectory, where.env)
      if (built.length > 0 && compiled.isOwn)
        where.onProgress({ kind: 'kept', compiledBytes: bytesBelow(compiled.path) })
    },
  }
}

function announce(tools: readonly Tool[], expected: readonly ExpectedBuild[], where: Where): void {
  const compiled = compiledPackages(where.cacheDirectory, where.env)
  const { needs, isWarm } = diskPlan(tools, expected, { ...where, compiled })
  const isKnown = expected.every(({ ms }) => ms !== undefined)
  where.onProgress({
    kind: 'planned',
    tools: tools.map(({ name }) => name),
    ...(isKnown ? { expectedMs: expected.reduce((sum, { ms = 0 }) => sum + ms, 0) } : {}),
    cores: availableParallelism(),
    isWarm,
    neededBytes: needs.reduce((sum, { bytes }) => sum + bytes, 0),
    freeBytes: freeBytes(where.cacheDirectory),
  })
  refuseFullDisk(needs)
}
