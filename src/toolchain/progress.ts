import type { ToolName } from './tools.ts'

/** Where a program came from. */
export type ToolSource = 'given' | 'path' | 'cache' | 'built'

export type ToolProgress =
  | {
      readonly kind: 'found'
      readonly tool: ToolName
      readonly version: string
      readonly path: string
      readonly source: ToolSource
    }
  /** Another process is building into the same cache. */
  | { readonly kind: 'waiting'; readonly holderPid: number; readonly elapsedMs: number }
  /** Before the first of these is built. */
  | {
      readonly kind: 'planned'
      readonly tools: readonly ToolName[]
      /** Undefined where nobody has measured one of them. */
      readonly expectedMs?: number
      /** The processors that this process may use. */
      readonly cores: number
      /** Packages compiled by an earlier build are there, so both amounts may be less. */
      readonly isWarm: boolean
      readonly neededBytes: number
      readonly freeBytes: number
    }
  /** Once a second. `doing`: the package or module that go names; `packages`: how many it has compiled so far. */
  | {
      readonly kind: 'building'
      readonly tool: ToolName
      readonly doing: string
      readonly packages: number
      readonly elapsedMs: number
      /** Until all planned programs are built; undefined where it cannot be estimated. */
      readonly leftMs?: number
    }
  | {
      readonly kind: 'built'
      readonly tool: ToolName
      readonly version: string
      readonly path: string
      readonly elapsedMs: number
    }
  /** After the last build: what is left for later ones, in matchday's own folder. */
  | { readonly kind: 'kept'; readonly compiledBytes: number }
