/** Share of answers within an objective against load, as SVG, with a mark for each measurement. */
import { showMeasuredPercent } from '../../domain/show.ts'
import { type Html, html } from '../escape/html.ts'

export type LoadCurve = {
  readonly points: readonly {
    readonly load: number
    readonly share: number
    readonly outcome: 'held' | 'broke' | 'unproven' | 'generator-limit'
  }[]
  readonly objective: number | undefined
  readonly promise: number | undefined
  readonly event: number | undefined
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [900, 220, 60, 20, 16, 34]
/** Room for a label such as `12.96x`. */
const LABEL = 40

/** The outline in the colour of the page lies below the letters. */
const halo = html`paint-order="stroke" stroke-width="3"`

export function loadCurve({ points, objective, promise, event }: LoadCurve): Html {
  if (points.length === 0) return html`<p class="caption">Nothing was measured.</p>`
  const loads = [...points.map(({ load }) => load), ...(promise ? [promise] : []), ...(event ? [event] : [])]
  const [low, high] = [Math.min(...loads) * 0.95, Math.max(...loads) * 1.05]
  const least = Math.min(...points.map(({ share }) => share), objective ?? 1)
  const floor = Math.max(0, least - (1 - least) * 0.1 - 0.001)
  // Loads grow by factors, so their axis is logarithmic.
  const x = (load: number) => LEFT + (Math.log(load / low) / Math.log(high / low)) * (WIDTH - LEFT - RIGHT)
  const y = (share: number) => TOP + ((1 - share) / (1 - floor)) * (HEIGHT - TOP - BOTTOM)
  const shown = (value: number) => value.toFixed(1)
  const level = (value: number, name: string, kind: string) =>
    html`<g class="limit ${kind}"><line x1="${String(LEFT)}" x2="${String(WIDTH - RIGHT)}" y1="${shown(y(value))}" y2="${shown(y(value))}"/><text x="${String(LEFT + 4)}" y="${shown(y(value) + 13)}" ${halo}>${name}</text></g>`
  const upright = (load: number, name: string, kind: string) =>
    html`<g class="limit ${kind}"><line x1="${shown(x(load))}" x2="${shown(x(load))}" y1="${String(TOP)}" y2="${String(HEIGHT - BOTTOM)}"/><text x="${shown(x(load) + 4)}" y="${String(HEIGHT - BOTTOM - 6)}" ${halo}>${name}</text></g>`
  const ticks = [...new Set(points.map(({ load }) => load))].sort((a, b) => a - b)
  const spaced: number[] = []
  for (const load of ticks) if (x(load) - x(spaced.at(-1) ?? 0) > LABEL) spaced.push(load)
  return html`<svg class="chart" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="share within the objective by load" font-size="11">
<g class="grid"><line x1="${String(LEFT)}" x2="${String(WIDTH - RIGHT)}" y1="${String(HEIGHT - BOTTOM)}" y2="${String(HEIGHT - BOTTOM)}"/></g>
<text x="4" y="${shown(y(1) + 4)}">100 %</text><text x="4" y="${shown(y(floor))}">${`${(floor * 100).toPrecision(3)} %`}</text>
${spaced.map((load) => html`<text x="${shown(x(load))}" y="${String(HEIGHT - 12)}" text-anchor="middle">${`${load}x`}</text>`)}
${objective === undefined ? html`` : level(objective, `objective ${showMeasuredPercent(objective)}`, 'target')}
${promise === undefined ? html`` : upright(promise, `promise ${promise}x`, 'target')}
${event === undefined ? html`` : upright(event, `event ${event}x`, 'ceiling')}
${points.map(({ load, share, outcome }) => mark(x(load), y(share), outcome, `${load}x: ${showMeasuredPercent(share)}, ${outcome}`))}
</svg>`
}

function mark(x: number, y: number, outcome: LoadCurve['points'][number]['outcome'], told: string): Html {
  const at = (value: number) => value.toFixed(1)
  switch (outcome) {
    case 'held':
      return html`<circle cx="${at(x)}" cy="${at(y)}" r="5" fill="none" stroke="var(--good)" stroke-width="2"><title>${told}</title></circle>`
    case 'broke':
      return html`<path d="M${at(x - 5)} ${at(y - 5)}l10 10m0 -10l-10 10" stroke="var(--bad)" stroke-width="2" fill="none"><title>${told}</title></path>`
    case 'unproven':
    case 'generator-limit':
      return html`<rect x="${at(x - 4)}" y="${at(y - 4)}" width="8" height="8" fill="none" stroke="var(--warn)" stroke-width="2"><title>${told}</title></rect>`
  }
}
