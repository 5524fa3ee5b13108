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
  /** Once a second. `doing`: the package or module that go names; `packages`: how many it has compiled so far. */
  | {
      readonly kind: 'building'
      readonly tool: ToolName
      readonly doing: string
      readonly packages: number
      readonly elapsedMs: number
    }
  | {
      readonly kind: 'built'
      readonly tool: ToolName
      readonly version: string
      readonly path: string
      readonly elapsedMs: number
    }
