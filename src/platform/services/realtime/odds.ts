/** The odds board: a few markets whose odds drift a little each second, one message for all sockets. */

const MATCHES = ['derby', 'cup-final', 'league-opener']
const OUTCOMES = ['home', 'draw', 'away']
const DRIFT = 0.04
const MIN_ODDS = 1.05
const MAX_ODDS = 15

export type OddsBoard = { next(): string }

export function createOddsBoard(random: () => number): OddsBoard {
  const odds = new Map(
    MATCHES.flatMap((match) => OUTCOMES.map((outcome) => [`${match}:${outcome}`, 1.5 + random() * 3])),
  )
  let sequence = 0
  return {
    next: () => {
      for (const [selection, value] of odds)
        odds.set(selection, Math.min(Math.max(value * (1 + (random() - 0.5) * DRIFT), MIN_ODDS), MAX_ODDS))
      sequence += 1
      return JSON.stringify({
        type: 'odds',
        sequence,
        odds: Object.fromEntries([...odds].map(([selection, value]) => [selection, Math.round(value * 100) / 100])),
      })
    },
  }
}
