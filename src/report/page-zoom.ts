/**
 * The crosshair and the zoom of all charts, by pointer or by keys, as a script for the report and the live page. Charts are drawn without it, and stay
 * what they are if it does not run. It moves what is in groups of the class `timed` along x, and nothing else (`draw/axes.ts`).
 */
import { clipName } from './draw/hatches.ts'

/** `dataOf` gives the series and the parts of the run, which change on the live page. */
export const crosshair = `
function crosshair(dataOf) {
  const readout = document.body.appendChild(Object.assign(document.createElement('div'), { id: 'readout' }))
  let at = 0
  // Undefined: the whole axis.
  let range
  const shown = () => range ?? [0, dataOf().seconds]
  const within = (value, least, most) => Math.max(least, Math.min(most, value))
  const clock = (s) => Math.floor(s / 60) + ':' + String(Math.floor(s % 60)).padStart(2, '0')
  const utc = (s) => new Date(dataOf().zeroAt + s * 1000).toISOString().slice(11, 19) + ' UTC'
  const placeOf = (time) => {
    const { left, right, width } = dataOf()
    const [from, to] = shown()
    return (left + ((time - from) / (to - from)) * (right - left)) * width
  }
  const timeAt = (svg, clientX) => {
    const { left, right } = dataOf()
    const [from, to] = shown()
    const box = svg.getBoundingClientRect()
    return from + within(((clientX - box.left) / box.width - left) / (right - left), 0, 1) * (to - from)
  }
  const valueAt = (line) => {
    let found
    for (const [seconds, value] of line.points) { if (seconds > at) break; found = value }
    return found
  }
  const show = (svg, x, y) => {
    const place = placeOf(at)
    for (const each of document.querySelectorAll('svg.chart')) {
      const cross = each.querySelector('.cross')
      cross.setAttribute('x1', place); cross.setAttribute('x2', place); cross.setAttribute('visibility', 'visible')
    }
    const lines = dataOf().charts[svg.id] ?? []
    readout.textContent = clock(at) + '  ' + utc(at) + '\\n' + lines.map((l) => { const v = valueAt(l); return l.name + '  ' + (v === undefined ? '–' : v) }).join('\\n')
    readout.style.display = 'block'
    readout.style.left = Math.max(0, Math.min(x + 14, innerWidth - readout.offsetWidth - 8)) + 'px'
    readout.style.top = Math.max(0, Math.min(y + 14, innerHeight - readout.offsetHeight - 8)) + 'px'
  }
  const hide = () => { readout.style.display = 'none' }

  // What an element was drawn with, so that each zoom starts from there.
  const drawn = new WeakMap()
  const drawnAs = (element, name) => {
    const known = drawn.get(element) ?? {}
    drawn.set(element, known)
    return (known[name] ??= element.getAttribute(name))
  }
  const ticksOf = ([from, to]) => {
    const size = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600].find((each) => (to - from) / each <= 12) ?? 7200
    const first = Math.ceil(from / size)
    return Array.from({ length: Math.floor(to / size) - first + 1 }, (_, index) => (first + index) * size)
  }
  const drawTimes = (group) => {
    const [sample] = drawn.get(group) ?? (drawn.set(group, [...group.children]), drawn.get(group))
    if (range === undefined || sample === undefined) return group.replaceChildren(...drawn.get(group))
    group.replaceChildren(...ticksOf(range).map((time) => {
      const text = sample.cloneNode()
      text.setAttribute('x', placeOf(time))
      text.textContent = clock(time)
      return text
    }))
  }
  const draw = (svg) => {
    const { left, right, width, seconds } = dataOf()
    const [from, to] = shown()
    const scale = seconds / (to - from)
    const x = (value) => ((Number(value) - left * width) - (from / seconds) * (right - left) * width) * scale + left * width
    const set = (element, name, by) => element.setAttribute(name, by(drawnAs(element, name)).toFixed(1))
    for (const group of svg.querySelectorAll('g.timed')) {
      if (group.classList.contains('times')) { drawTimes(group); continue }
      if (range === undefined) group.removeAttribute('clip-path')
      else group.setAttribute('clip-path', 'url(#${clipName})')
      for (const each of group.querySelectorAll('rect,line,text,path')) {
        if (each.tagName === 'rect') { set(each, 'x', x); set(each, 'width', (value) => Number(value) * scale) }
        if (each.tagName === 'line') { set(each, 'x1', x); set(each, 'x2', x) }
        if (each.tagName === 'text') set(each, 'x', x)
        if (each.tagName === 'path')
          each.setAttribute('d', drawnAs(each, 'd').replace(/([MLH])(-?[\\d.]+)/g, (_, step, value) => step + x(value).toFixed(1)))
      }
      if (range !== undefined) keepNames(group, left * width)
    }
  }
  // What began before the left edge keeps its name: of a phase, in a bar, and the last number of a row.
  const keepNames = (group, edge) => {
    const at = (element, name) => Number(element.getAttribute(name))
    for (const text of group.querySelectorAll('rect + text')) {
      const rect = text.previousElementSibling
      const end = at(rect, 'x') + at(rect, 'width')
      if (at(text, 'x') < edge && at(text, 'x') < end && end > edge + 40) text.setAttribute('x', (edge + 4).toFixed(1))
    }
    const numbers = [...group.querySelectorAll('text.number')]
    const last = numbers.findLastIndex((each) => at(each, 'x') < edge)
    const next = numbers[last + 1]
    if (last >= 0 && (next === undefined || at(next, 'x') > edge + 24)) numbers[last].setAttribute('x', (edge + 3).toFixed(1))
  }

  const LEAST_SECONDS = 2
  const zoom = (wanted) => {
    const { seconds } = dataOf()
    const length = wanted === undefined ? seconds : Math.max(LEAST_SECONDS, wanted[1] - wanted[0])
    const from = wanted === undefined ? 0 : within(wanted[0], 0, Math.max(0, seconds - length))
    range = length >= seconds * 0.99 ? undefined : [from, Math.min(seconds, from + length)]
    for (const svg of document.querySelectorAll('svg.chart')) draw(svg)
    mark()
  }
  const zoomBy = (factor) => {
    const [from, to] = shown()
    const middle = at >= from && at <= to ? at : (from + to) / 2
    zoom([middle - ((middle - from) * factor), middle + ((to - middle) * factor)])
  }

  // Buttons for the whole run and for each of its parts.
  const tools = Object.assign(document.createElement('div'), { className: 'zoom' })
  tools.setAttribute('role', 'group')
  tools.setAttribute('aria-label', 'Zoom')
  const hint = Object.assign(document.createElement('span'), { textContent: 'Zoom: drag across a chart, or + and − on it; 0 shows all.' })
  let offered = ''
  const offer = () => {
    const { parts } = dataOf()
    const text = JSON.stringify(parts)
    if (text === offered) return
    offered = text
    const held = document.activeElement?.parentElement === tools ? document.activeElement.textContent : undefined
    tools.replaceChildren(...[{ name: 'Whole run' }, ...parts].map(({ name, from, to }) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name })
      const around = from === undefined ? undefined : [from - (to - from) * 0.15, to + (to - from) * 0.15]
      if (around) button.dataset.range = around.map((each) => each.toFixed(1)).join(' ')
      button.addEventListener('click', () => zoom(around))
      return button
    }), hint)
    if (held !== undefined) [...tools.children].find((each) => each.textContent === held)?.focus()
    mark()
  }
  let pressed = ''
  tools.addEventListener('click', ({ target }) => { pressed = target.dataset?.range ?? ''; mark() })
  const mark = () => {
    for (const each of tools.querySelectorAll('button'))
      each.setAttribute('aria-pressed', String(range === undefined ? each.dataset.range === undefined : each.dataset.range !== undefined && each.dataset.range === pressed))
  }

  const attach = (svg) => {
    svg.tabIndex = 0
    let dragged
    const brush = document.createElementNS('http://www.w3.org/2000/svg', 'rect')
    const band = (a, b) => {
      const [from, to] = [Math.min(a, b), Math.max(a, b)]
      const cross = svg.querySelector('.cross')
      const y = Number(cross.getAttribute('y1'))
      for (const [name, value] of Object.entries({ class: 'brush', x: placeOf(from), width: placeOf(to) - placeOf(from), y, height: Number(cross.getAttribute('y2')) - y }))
        brush.setAttribute(name, value)
      if (brush.parentNode !== svg) svg.append(brush)
    }
    svg.addEventListener('pointerdown', (event) => {
      if (event.pointerType === 'mouse' && event.button === 0) dragged = { x: event.clientX, at: timeAt(svg, event.clientX) }
    })
    svg.addEventListener('pointermove', (event) => {
      at = timeAt(svg, event.clientX)
      if (dragged && Math.abs(event.clientX - dragged.x) > 6) { svg.setPointerCapture(event.pointerId); band(dragged.at, at) }
      show(svg, event.clientX, event.clientY)
    })
    svg.addEventListener('pointerup', (event) => {
      const began = dragged
      dragged = undefined
      brush.remove()
      if (!began || Math.abs(event.clientX - began.x) <= 6) return
      const ended = timeAt(svg, event.clientX)
      pressed = ''
      zoom([Math.min(began.at, ended), Math.max(began.at, ended)])
    })
    svg.addEventListener('pointercancel', () => { dragged = undefined; brush.remove() })
    svg.addEventListener('dblclick', () => zoom())
    svg.addEventListener('pointerleave', hide)
    svg.addEventListener('blur', hide)
    svg.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return
      if (event.key === 'Escape') return hide()
      const arrow = { ArrowLeft: -1, ArrowRight: 1 }[event.key]
      const factor = { '+': 0.5, '=': 0.5, '-': 2 }[event.key]
      if (arrow === undefined && factor === undefined && event.key !== '0') return
      event.preventDefault()
      const { seconds } = dataOf()
      if (arrow !== undefined) {
        at = within(at + arrow * (event.shiftKey ? 10 : 1), 0, seconds)
        const [from, to] = shown()
        if (at < from || at > to) zoom([at - (to - from) / 2, at + (to - from) / 2])
      } else {
        pressed = ''
        if (event.key === '0') zoom()
        else zoomBy(factor)
      }
      const box = svg.getBoundingClientRect()
      show(svg, box.left + box.width / 2, box.top)
    })
  }
  return { attach, offer, tools, redraw: (svg) => { if (range !== undefined) draw(svg) } }
}
`
