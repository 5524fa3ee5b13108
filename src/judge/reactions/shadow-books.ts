/**
 * A mirror must write nothing. Digests of the books show it exactly: they hold what clients sent, and nothing else. Where they hold more, the windows tell
 * whether it came from the mirror: then the books grew by more than clients saw acknowledged while it was on, and not while it was off.
 */
import { pAbove, paired, smallestDetectable } from '../../domain/paired.ts'
import { windowPairs } from '../../domain/shadow.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, listed } from '../findings/words.ts'
import { judgeLedger } from '../money/ledger.ts'
import { cumulative } from '../seen/counters.ts'
import { createReactionAnswer } from './answer.ts'
import type { ShadowFacts } from './shadow.ts'

/** By how much a book grew in a window beyond what clients saw acknowledged. */
type Excess = { readonly book: string; readonly on: readonly number[]; readonly off: readonly number[] }

/** A mirror that writes is a serious accusation, and chance alone must not make it. */
const LEVEL = 0.01

export function judgeBooks(facts: ShadowFacts): Ruled<ReactionResult> {
  const { seen, harm, life } = facts
  const answer = createReactionAnswer(harm, 'wrote-nothing', 'mirror')
  const lines = [...life.bookCounts.map(({ line }) => line).slice(0, 8), ...seen.run.loadLines]
  if (seen.run.head.target.books.length === 0)
    return answer.unknown('The target file names no books, so nobody can say whether the mirror wrote.', lines)
  const ledger = judgeLedger(seen).result
  if (ledger?.reconciled === true) {
    const books = listed(seen.run.head.target.books.map(({ book }) => book))
    const sentence = `${books} hold what clients sent and nothing else, compared by digests of all keys, with ${windowsWords(facts)}.`
    return answer.held({ sentence, lines })
  }
  const all = excessOf(facts)
  const wrote = all.filter(isFromMirror)
  if (wrote.length > 0) {
    const sentence = `${listed(wrote.map(grewWords))} than clients saw acknowledged.`
    return answer.broken('shadow-wrote', { sentence, lines })
  }
  const detectable = all.map((each) => smallestOf(each))
  if (ledger === undefined && detectable.length > 0 && detectable.every((each) => each <= expectedOf(facts))) {
    const most = Math.ceil(Math.max(...detectable))
    const sentence = `The books grew no faster with the mirror on than with it off; ${count(most, 'operation')} more in a window would have been found, and ${Math.round(expectedOf(facts))} were copied.`
    return answer.held({ sentence, lines })
  }
  const why =
    ledger === undefined
      ? 'a mirror with this share would make fewer writes than the windows can show; expect ledger: reconciled'
      : 'the books differ from what clients sent, but the windows do not show that the mirror caused it'
  return answer.unknown(`It is not known whether the mirror wrote: ${why}.`, lines)
}

const windowsWords = ({ windows, shadow }: ShadowFacts): string =>
  `the mirror on in ${windows.filter(({ step }) => step.share > 0).length} of ${2 * shadow.pairs} windows`

const sum = (values: readonly number[]): number => values.reduce((total, each) => total + each, 0)
const grewWords = ({ book, on, off }: Excess): string =>
  `${book} grew by ${count(Math.round(sum(on)), 'operation')} more with the mirror on (by ${Math.round(sum(off))} with it off)`

const differences = ({ on, off }: Excess): readonly number[] => on.map((each, index) => each - (off[index] ?? 0))

function isFromMirror(excess: Excess): boolean {
  const test = paired(differences(excess))
  // At least one operation in a window: bookings at its edges move between windows.
  return test !== undefined && test.mean >= 1 && sum(excess.on) >= 1 && pAbove(test, 0) <= LEVEL
}

function smallestOf(excess: Excess): number {
  const test = paired(differences(excess))
  return test === undefined ? Number.POSITIVE_INFINITY : smallestDetectable(test, LEVEL)
}

/** Operations that are copied in a window. */
function expectedOf({ seen, shadow, windows }: ShadowFacts): number {
  const on = windows.filter(({ step }) => step.share > 0)
  const all = [...seen.load.operations.keys()].flatMap((operation) =>
    on.map(({ fromAt, toAt }) => acknowledged(seen, operation)(fromAt, toAt)),
  )
  return on.length === 0 ? 0 : (sum(all) * shadow.share) / on.length
}

function acknowledged({ load }: ShadowFacts['seen'], operation: string): (fromAt: number, toAt: number) => number {
  const at = cumulative({ increments: load.acknowledged.get(operation) ?? [], failures: [] })
  return (fromAt, toAt) => Math.max(0, at(toAt) - at(fromAt))
}

/** The ledger, and all other books together, because a provider holds a part of the operations. */
function excessOf(facts: ShadowFacts): readonly Excess[] {
  const { seen, shadow } = facts
  const { books } = seen.run.head.target
  const ledger = books.find((each) => each.ledger)?.book ?? books[0]?.book
  const others = books.map(({ book }) => book).filter((book) => book !== ledger)
  const sides = [
    { name: ledger ?? '', books: ledger === undefined ? [] : [ledger] },
    { name: listed(others), books: others },
  ]
  return sides
    .filter((side) => side.books.length > 0)
    .map((side) => {
      const grown = new Map(facts.windows.map(({ step }) => [step.step, excessIn(facts, step.step, side.books)]))
      const whole = windowPairs(shadow.pairs).flatMap(({ on, off }) => {
        const [with_, without] = [grown.get(on), grown.get(off)]
        return with_ === undefined || without === undefined ? [] : [{ with_, without }]
      })
      return { book: side.name, on: whole.map(({ with_ }) => with_), off: whole.map(({ without }) => without) }
    })
}

/** Between the counts before and after a window. Undefined where a book was not read. */
function excessIn({ seen, life }: ShadowFacts, window: number, books: readonly string[]): number | undefined {
  const [before, after] = [life.bookCounts[window - 1], life.bookCounts[window]]
  if (before === undefined || after === undefined) return undefined
  if (before.problem !== undefined || after.problem !== undefined) return undefined
  const held = (counts: typeof before, operation: string) =>
    sum(
      counts.books
        .filter((each) => books.includes(each.book) && each.operation === operation)
        .map((each) => each.count),
    )
  return sum(
    [...seen.load.operations.keys()].map(
      (operation) =>
        held(after, operation) - held(before, operation) - acknowledged(seen, operation)(before.at, after.at),
    ),
  )
}
