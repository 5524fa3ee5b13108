import { describe, expect, it } from 'vitest'
import { firstPlayer, PLAYERS, playerOf } from '../../scenarios/lib/player-spread.ts'

describe('the players of a run', () => {
  it('are the same for the same seed and differ for another seed', () => {
    const players = (seed: number) => Array.from({ length: 10 }, (_, n) => playerOf(firstPlayer(seed) + n))
    expect(players(7)).toEqual(players(7))
    expect(players(7)).not.toEqual(players(8))
  })

  it('are all used once before one is used again', () => {
    const all = Array.from({ length: PLAYERS }, (_, n) => playerOf(firstPlayer(7) + n))
    expect(new Set(all).size).toBe(PLAYERS)
  })
})
