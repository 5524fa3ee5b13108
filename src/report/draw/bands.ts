/** What lies behind every chart: phases as plain bands, faults and actions hatched each their own way, with letters above. */
import { type Html, html } from '../escape/html.ts'
import { biteOf, type Harm, recoveredAt } from '../harms.ts'
import type { Drawing } from '../lane.ts'
import { LETTERS_AT, n, PHASE_NAMES_AT, type Scale, TOP } from './axes.ts'
import { type BandLook, bandLook, hatchLooks, letterLook, phaseLook } from './looks.ts'

/** Named above the first chart only would do on a screen; in print and when scrolled, each chart needs its own. */
export function phaseBand(phase: Drawing['phases'][number], index: number, x: Scale, height: number): Html {
  const width = x(phase.to) - x(phase.from)
  if (width <= 0) return html``
  const band = html`<rect class="phase p${index % 2}"${phaseLook(index)} x="${n(x(phase.from))}" y="${TOP}" width="${n(width)}" height="${height}"/>`
  // A band too narrow for its name, at the right edge of a run that was stopped, goes without one.
  if (width < phase.name.length * 6) return band
  return html`${band}<text class="phase-name" x="${n(x(phase.from) + 4)}" y="${PHASE_NAMES_AT}">${phase.name}</text>`
}

export const harmBands = (drawing: Drawing, x: Scale, height: number): readonly Html[] =>
  drawing.harms.flatMap((harm) => harmBand(harm, drawing, x, height))

const LETTER_WIDTH = 12

/** In a strip of their own above the plot; those of harms that begin together stand side by side. */
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

/** Asked for and never begun is an outline; begun → healed is hatched, until the end when it never healed; the recovery is lighter. */
function harmBand(harm: Harm, drawing: Drawing, x: Scale, height: number): readonly Html[] {
  const rect = (look: BandLook, from: number, to: number): Html =>
    html`<rect class="${harm.kind} ${look}"${bandLook(harm.kind, look)} x="${n(x(from))}" y="${TOP}" width="${n(Math.max(1.5, x(to) - x(from)))}" height="${height}"/>`
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

/** Defined once a page; stripes lean to the right for faults, to the left for actions, so that they differ without colour too. */
export const hatches: Html = html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs>${hatch('fault', 45)}${hatch('action', -45)}</defs></svg>`

function hatch(kind: Harm['kind'], turn: number): Html {
  const { ground, stripe } = hatchLooks(kind)
  return html`<pattern id="hatch-${kind}" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(${turn})"><rect class="${kind} ground"${ground} width="7" height="7"/><line class="${kind} stripe"${stripe} x1="0" x2="0" y1="0" y2="7"/></pattern>`
}
