/** Which of the seeded players an arrival is. Pure, so that it can be tested outside k6. */

export const PLAYERS = 20_000

// A prime that does not divide 20,000 (2^5 · 5^4): multiples of it visit every player once before any comes again.
const STRIDE = 7919

export const playerOf = (n: number): string => `player-${String((n * STRIDE) % PLAYERS).padStart(6, '0')}`
