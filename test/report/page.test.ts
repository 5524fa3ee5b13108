import { describe, expect, it } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { htmlReport } from '../../src/report/html.ts'
import { markdownReport } from '../../src/report/markdown.ts'
import { style } from '../../src/report/page-style.ts'
import { createViewing } from '../../src/report/view.ts'
import { everything } from '../support/evidence-everything.ts'
import { stretch } from '../support/stretch.ts'

function pageOf(records: Iterable<Parameters<ReturnType<typeof createViewing>['add']>[0]>) {
  const view = createViewing()
  const all = [...records]
  for (const record of all) view.add(record)
  const seen = view.result()
  if (!seen) throw new Error('nothing to see')
  const judgment = judge(all)
  return {
    html: htmlReport(judgment, seen),
    markdown: markdownReport(judgment),
    charts: seen.charts(judgment),
    judgment,
  }
}

const { html, markdown, charts } = pageOf(everything())
const figures = html.split('<figure>').slice(1)

/** What should be a number and is none, with what stands around it. */
function noNumber(text: string): string | undefined {
  const at = text.search(/NaN|Infinity|undefined|\[object/)
  return at < 0 ? undefined : text.slice(Math.max(0, at - 60), at + 60)
}

describe('the page', () => {
  it('needs nothing from outside', () => {
    // Links stay within the page.
    expect(html).not.toMatch(/(src|href)=(?!"#)/)
    expect(html).not.toContain('@import')
  })

  it('has a figure for each chart, with a picture, a sentence and a table, which work without scripts', () => {
    expect(figures).toHaveLength(charts.length)
    for (const figure of figures) {
      expect(figure).toMatch(/<svg [^>]*role="img" aria-label="[^"]+\."/)
      expect(figure).toMatch(/<p class="caption">[^<]+<\/p>/)
      expect(figure).toMatch(/<details><summary>as a table<\/summary>.*<table>/s)
    }
  })

  it('says in attributes how each shape looks, so that a chart is no black box where styles are forbidden', () => {
    // Without `fill` a shape is black; a line needs a `stroke` to be seen at all.
    for (const figure of figures) {
      const drawn = figure.match(/<svg class="chart".*?<\/svg>/s)?.[0] ?? ''
      const shapes = drawn.match(/<(rect|path|line) [^>]*>/g) ?? []
      expect(shapes.length).toBeGreaterThan(0)
      for (const shape of shapes) expect(shape).toMatch(shape.startsWith('<line') ? / stroke="/ : / fill="/)
      expect(drawn).toMatch(/^<svg [^>]*fill="#/)
    }
  })

  it('shades every fault and action on every chart and names it by its letter', () => {
    for (const figure of figures) {
      expect(figure.match(/class="fault injected"/g)).toHaveLength(2)
      expect(figure.match(/class="action injected"/g)).toHaveLength(4)
      for (const letter of ['A', 'B', 'C', 'D', 'E', 'F'])
        expect(figure).toMatch(new RegExp(`class="(fault|action)-letter"[^>]*>${letter}</text>`))
    }
  })

  it('reports a lasting action as undone, and a rollout as done', () => {
    expect(html).toContain('drain a node: begun 0:40, done 0:46, undone 1:00<')
    expect(html).toContain('roll out gateway: begun 0:57, done 1:04<')
  })

  it('never shows NaN or Infinity', () => {
    const read = html.slice(0, html.lastIndexOf('<script>'))
    expect(noNumber(read)).toBeUndefined()
  })

  it('is rendered from a journal that ends anywhere', () => {
    const all = everything()
    // A prime, so that each kind of record is the last one somewhere.
    for (let end = 1; end < all.length; end += 97) {
      const cut = pageOf(all.slice(0, end))
      const read = cut.html.slice(0, cut.html.lastIndexOf('<script>'))
      expect(noNumber(read), `cut at ${end}`).toBeUndefined()
    }
  })

  it('escapes what users name', () => {
    const { html: hostile } = pageOf(
      everything().map((record) =>
        record.kind === 'run-started'
          ? { ...record, rehearsal: { ...record.rehearsal, hypothesis: '</script><img src=x onerror=alert(1)>' } }
          : record,
      ),
    )
    expect(hostile).not.toContain('<img')
  })

  it('lists each action, reaction, cost, KEDA step and limit, also in the short form', () => {
    for (const text of [html, markdown]) {
      for (const said of [
        'drain a node',
        'reconnects sockets',
        'gateway kept at least 8 pods Ready',
        'No acknowledged operation is lost (RPO 0).',
        'payout-worker',
        'wallet_pool_connections',
        '2 policies, 2 workloads: as it should be.',
        '145.5×',
      ])
        expect(text).toContain(said)
    }
  })

  it('stays below 2 MB for a run of ten minutes', () => {
    const long = pageOf(stretch(everything(), 4))
    expect(long.charts.length).toBeGreaterThanOrEqual(charts.length)
    expect(Buffer.byteLength(long.html)).toBeLessThan(2e6)
  })
})

type Colours = Readonly<Record<string, string>>
const variables = (text: string): Colours =>
  Object.fromEntries([...text.matchAll(/--(\w+):(#[0-9a-f]{3,6})/g)].map(([, name = '', value = '']) => [name, value]))

const luminance = (hex: string): number => {
  const full = hex.length === 4 ? hex.replace(/[0-9a-f]/g, '$&$&') : hex
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(full.slice(at, at + 2), 16) / 255
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}
const contrast = (a: string, b: string): number => {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x)
  return (light + 0.05) / (dark + 0.05)
}

/** WCAG 2.2: 4.5 for text (1.4.3), 3 for what is drawn (1.4.11). */
describe.each([
  ['light', /:root\{color-scheme:light dark;([^}]*)\}/],
  ['dark by the system', /prefers-color-scheme:dark\)\{:root:not[^{]*\{([^}]*)\}/],
  ['dark by choice', /:has\(#theme-dark:checked\)\{([^}]*)\}/],
  ['print', /@media print\{:root\{([^}]*)\}/],
])('the colours of the %s page', (_, where) => {
  const colours = variables(where.exec(style)?.[1] ?? '')
  const of = (name: string): string => colours[name] ?? ''

  it.each(['ink', 'soft', 'good', 'bad', 'warn', 'fault', 'action'])(
    'keep text in %s readable on every background',
    (name) => {
      for (const ground of ['bg', 'band', 'band2'])
        expect(contrast(of(name), of(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(4.5)
    },
  )

  it.each(['c1', 'c2', 'c3', 'c4', 'c5', 'c6'])('keep line %s visible on every background', (name) => {
    for (const ground of ['bg', 'band', 'band2'])
      expect(contrast(of(name), of(ground)), `${name} on ${ground}`).toBeGreaterThanOrEqual(3)
  })
})
