/**
 * Hatches of faults and actions, defined once per page. Stripes lean right for faults and left for actions, so that the kinds also differ without
 * colour. Those of one kind differ by distance, width and dashes: two overlapping actions can be told apart.
 */
import { type Html, html } from '../escape/html.ts'
import { type DrawnHarm, HATCHES } from '../harms.ts'
import { LEFT, RIGHT, WIDTH } from './axes.ts'
import { hatchLooks } from './looks.ts'

/** What is outside the plot is not drawn while the time axis is zoomed. */
export const clipName = 'zoom-clip'
const clip = html`<clipPath id="${clipName}"><rect x="${LEFT}" y="0" width="${WIDTH - LEFT - RIGHT}" height="4000"/></clipPath>`

/** One tile in px. `at`: where stripes lie across it. */
type Motif = {
  readonly gap: number
  readonly width: number
  readonly at: readonly number[]
  readonly dash?: string
  readonly long: number
}

const motifs: readonly Motif[] = [
  { gap: 7, width: 1.6, at: [0], long: 7 },
  { gap: 7, width: 1.8, at: [0], dash: '5 4', long: 9 },
  { gap: 14, width: 4, at: [2], long: 7 },
  { gap: 3.5, width: 0.9, at: [0], long: 7 },
  { gap: 13, width: 1.6, at: [2, 6], long: 7 },
  { gap: 6, width: 2.6, at: [3], dash: '2.6 3.4', long: 6 },
]

export const hatches: Html = html`<svg class="defs" width="0" height="0" aria-hidden="true"><defs>${hatchesOf('fault', 45)}${hatchesOf('action', -45)}${clip}</defs></svg>`

function hatchesOf(kind: DrawnHarm['kind'], turn: number): readonly Html[] {
  return motifs.slice(0, HATCHES).map(({ gap, width, at, dash, long }, index) => {
    const { ground, stripe } = hatchLooks(kind, width, dash)
    const stripes = at.map((x) => html`<line class="${kind} stripe"${stripe} x1="${x}" x2="${x}" y1="0" y2="${long}"/>`)
    return html`<pattern id="hatch-${kind}-${index}" width="${gap}" height="${long}" patternUnits="userSpaceOnUse" patternTransform="rotate(${turn})"><rect class="${kind} ground"${ground} width="${gap}" height="${long}"/>${stripes}</pattern>`
  })
}
