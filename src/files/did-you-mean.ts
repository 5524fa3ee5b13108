/** The known word nearest to a mistyped one, if it is near enough. */
export function didYouMean(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance)
  const best = ranked[0]
  // Up to a third of the letters wrong counts as a typo; more is another word.
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined
}

/** Words whose lengths differ by more are not compared: a key may be thousands of letters long. */
const LENGTHS_APART = 8

/** Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours cost 1. */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > LENGTHS_APART) return Number.POSITIVE_INFINITY
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      const edited = Math.min(cell(previous, j) + 1, cell(row, j - 1) + 1, cell(previous, j - 1) + (same ? 0 : 1))
      row.push(swapped ? Math.min(edited, cell(before, j - 2) + 1) : edited)
    }
    before = previous
    previous = row
  }
  return cell(previous, b.length)
}

const cell = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY

/** "a, b or c", for sentences that list what is known. */
export function listed(words: readonly string[], last = 'and'): string {
  if (words.length < 2) return words[0] ?? 'nothing'
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`
}

/** The next step for an unknown word. */
export function chooseAmong(word: string, known: readonly string[], what: string): string {
  const meant = didYouMean(word, known)
  const choice = known.length === 0 ? `there is no ${what}` : `${what}: ${listed(known)}`
  return meant === undefined ? `choose among the known; ${choice}.` : `did you mean "${meant}"? ${capital(choice)}.`
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)
