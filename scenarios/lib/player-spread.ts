/** Which of the platform's players an arrival is. Pure, so that it can be tested outside k6. */
import { createRandom } from '../../src/domain/random.ts'

export const PLAYERS = 20_000

// A prime that does not divide 20,000 (2^5 · 5^4): multiples of it visit every player once before any comes again.
const STRIDE = 7919

/** The number at which a run begins to count its players: it follows from the seed. */
export const firstPlayer = (seed: number): number => createRandom(seed, 'players').below(PLAYERS)

export const playerOf = (n: number): string => `player-${String((n * STRIDE) % PLAYERS).padStart(6, '0')}`
