/**
 * Checks before the promotion that the old region stopped writing: two readings in a row show that it accepts no writes, and the standby has its whole
 * write-ahead log. The readings are those of the plan: `writable`, and the proofs of the catch-up. A region that cannot be read does not count as stopped.
 */
import { type CutoverProof, type Region, readingWords } from '../../../domain/cutover.ts'
import { showDuration } from '../../../domain/show.ts'
import { after, type Instant, seconds } from '../../../domain/units.ts'
import { type ProofShown, type RegionPorts, shownBy } from './regions.ts'

/** Time between two readings. Rarer writes may fall between other readings and stay unnoticed. */
const APART = seconds(1)
/** Longest wait for a position that stands still. Vacuum, checkpoints and archiving move the position too, without any write of a client. */
const STILL_WITHIN = seconds(5)

/**
 * Resolves when two readings in a row show that the region stopped, or at the deadline with what the last two showed. `caughtUp`: the proofs of the catch-up,
 * which must still hold. A position that still moves is reported and does not prevent the promotion: writes of clients show in `writable` and in the book.
 */
export async function untilStill(
  ports: RegionPorts,
  from: Region,
  caughtUp: readonly CutoverProof[],
  deadline: Instant,
): Promise<ProofShown> {
  const { clock, signal } = ports
  const patience = Math.min(deadline, after(clock.now(), STILL_WITHIN))
  let before = await lookAt(ports, from, caughtUp)
  let last: string | undefined
  for (;;) {
    await clock.until(after(clock.now(), APART), signal)
    const now = await lookAt(ports, from, caughtUp)
    const { moved, ...shown } = stillness(from.name, before, now)
    const isOver = clock.now() >= (moved ? patience : deadline)
    if (moved && isOver) return { ...shown, held: true }
    if (shown.held && last !== undefined) return { ...shown, words: `${shown.words} (and before that, ${last})` }
    if (shown.held || isOver) return shown
    last = shown.words
    before = now
  }
}

/** Position of a server in its write-ahead log. */
type LogPosition = { readonly what: string; readonly value: string | undefined }
type Look = {
  readonly writable: ProofShown
  readonly caughtUp: readonly ProofShown[]
  readonly positions: readonly LogPosition[]
}

async function lookAt(ports: RegionPorts, from: Region, proofs: readonly CutoverProof[]): Promise<Look> {
  const [writable, caughtUp] = await Promise.all([
    shownBy(ports, from.writable),
    Promise.all(proofs.map((proof) => shownBy(ports, proof))),
  ])
  const positions = proofs.flatMap((proof, index) => positionIn(proof, from, caughtUp[index]))
  return { writable, caughtUp, positions }
}

/** Of two readings that must be equal, the one of the old region. */
function positionIn({ reading, wants }: CutoverProof, from: Region, shown: ProofShown | undefined): LogPosition[] {
  if (wants.kind !== 'same-as') return []
  const isFirst = reading.namespace === from.namespace && wants.reading.namespace !== from.namespace
  return [{ what: readingWords(isFirst ? reading : wants.reading), value: shown?.pair?.[isFirst ? 0 : 1] }]
}

/** An old region that still writes is reported first, because it may cause failed readings and replication lag. `moved`: only the position moved. */
function stillness(name: string, before: Look, now: Look): ProofShown & { readonly moved?: true } {
  const looks = [now, before]
  const open = looks.find(({ writable }) => writable.held)?.writable
  if (open !== undefined) return { held: false, words: `${name} still accepts writes: ${open.read ?? open.words}` }
  const missing =
    looks.find(({ writable }) => writable.unread)?.writable ??
    now.caughtUp.find(({ held }) => !held) ??
    before.caughtUp.find(({ unread }) => unread)
  if (missing !== undefined) return missing
  const stopped = `${name} accepted no writes for ${showDuration(APART)}`
  const moved = now.positions.flatMap(({ what, value }, index) => {
    const was = before.positions[index]?.value
    return was === value ? [] : [`${what} went from ${was} to ${value}`]
  })
  if (moved.length > 0) return { held: false, moved: true, words: `${stopped}, but ${moved.join(', and ')}` }
  const stood = now.positions.map(({ what, value }) => `${what} stood still at ${value}`)
  return { held: true, words: [stopped, ...stood].join(', and ') }
}
