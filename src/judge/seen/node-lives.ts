/** Fold over the versions of nodes: where each stands, and when it was Ready. */
import type { NodeSeen } from '../../domain/cluster.ts'
import type { StepChange, Steps } from './steps.ts'
import { summed } from './steps.ts'

export type NodeLife = {
  readonly name: string
  readonly zone: string
  readonly pool: string
  /** Of its processor; undefined where that is not known. */
  readonly arch?: string
  /** Seen for the first time: its birth, unless it was there when watching began. */
  readonly bornAt: number
  readonly bornLine: number
  readonly ready: readonly { readonly at: number; readonly is: boolean; readonly line: number }[]
}

export type NodeLives = {
  add(node: NodeSeen, gone: boolean, at: number, line: number): void
  readonly all: readonly NodeLife[]
  zoneOf(node: string | undefined): string | undefined
}

export function createNodeLives(): NodeLives {
  const lives = new Map<string, NodeLife>()
  return {
    add({ name, zone, pool, ready, arch }, gone, at, line) {
      const life = lives.get(name) ?? { name, zone, pool, bornAt: at, bornLine: line, ready: [] }
      const is = ready && !gone
      const changed = (life.ready.at(-1)?.is ?? false) !== is
      const known = arch === undefined ? {} : { arch }
      const changes = changed ? [...life.ready, { at, is, line }] : life.ready
      lives.set(name, { ...life, ...known, zone, pool, ready: changes })
    },
    get all() {
      return [...lives.values()]
    },
    zoneOf: (node) => (node === undefined ? undefined : lives.get(node)?.zone),
  }
}

export const readyAt = (life: NodeLife, at: number): boolean =>
  life.ready.findLast((each) => each.at <= at)?.is ?? false

export const readyOver = (lives: readonly NodeLife[]): Steps =>
  summed(lives.flatMap((life) => life.ready.map(({ at, is, line }): StepChange => ({ at, by: is ? 1 : -1, line }))))
