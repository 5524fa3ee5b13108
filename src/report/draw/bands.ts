/** The background of every chart: phases as plain bands, faults and actions hatched in different ways, with letters above. */
import { type Html, html } from '../escape/html.ts'
import { biteOf, type DrawnHarm, recoveredAt } from '../harms.ts'
import type { Drawing } from '../lane.ts'
import { LETTERS_AT, n, PHASE_NAMES_AT, type Scale, TOP } from './axes.ts'
import { type BandLook, bandLook, letterLook, phaseLook } from './looks.ts'

/** Names above the first chart only would be lost in print and when scrolling, so each chart has its own. */
export function phaseBand(phase: Drawing['phases'][number], index: number, x: Scale, height: number): Html {
  const width = x(phase.to) - x(phase.from)
  if (width <= 0) return html``
  const band = html`<rect class="phase p${index % 2}"${phaseLook(index)} x="${n(x(phase.from))}" y="${TOP}" width="${n(width)}" height="${height}"/>`
  // A band that is too narrow for its name, at the right edge of a stopped run, has none.
  if (width < phase.name.length * 6) return band
  return html`${band}<text class="phase-name" x="${n(x(phase.from) + 4)}" y="${PHASE_NAMES_AT}">${phase.name}</text>`
}

export const harmBands = (drawing: Drawing, x: Scale, height: number): readonly Html[] =>
  drawing.harms.flatMap((harm) => harmBand(harm, drawing, x, height))

const LETTER_WIDTH = 12

/** In their own strip above the plot. Letters of harms that begin together are side by side. */
export function harmLetters({ harms }: Drawing, x: Scale): readonly Html[] {
  let free = Number.NEGATIVE_INFINITY
  return harms
    .filter((harm) => harm.requested !== undefined)
    .map((harm) => ({ harm, at: x(harm.begun ?? harm.requested ?? harm.planned.from) }))
    .sort((a, b) => a.at - b.at)
    .map(({ harm, at }) => {
      const place = Math.max(at, free)
      free = place + LETTER_WIDTH * harm.letter.length
      return html`<text class="${harm.kind}-letter"${letterLook(harm.kind)} x="${n(place)}" y="${LETTERS_AT}">${harm.letter}</text>`
    })
}

/** Planned and never begun: an outline. Begun until healed: hatched, until the end if it was never healed. Recovery: lighter. */
function harmBand(harm: DrawnHarm, drawing: Drawing, x: Scale, height: number): readonly Html[] {
  const rect = (look: BandLook, from: number, to: number): Html =>
    html`<rect class="${harm.kind} ${look}"${bandLook(harm, look)} x="${n(x(from))}" y="${TOP}" width="${n(Math.max(1.5, x(to) - x(from)))}" height="${height}"/>`
  const bite = biteOf(harm, drawing.seconds)
  if (bite === undefined) {
    if (harm.requested === undefined) return []
    return [rect('requested', harm.requested, harm.planned.to ?? harm.requested)]
  }
  const [from, to] = bite
  const done = harm.kind === 'action' && harm.done !== undefined && harm.done < to ? harm.done : to
  const recovered = recoveredAt(harm, drawing.judgment)
  return [
    rect('injected', from, done),
    ...(done < to ? [rect('held', done, to)] : []),
    ...(recovered !== undefined && recovered > to ? [rect('tail', to, recovered)] : []),
  ]
}
