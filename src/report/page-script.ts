/** The scripts of the report and of the live page. The report is complete without its script. */

/** The crosshair across all charts, by pointer or arrow keys. `dataOf` gives the series, which change on the live page. */
export const crosshair = `
function crosshair(dataOf) {
  const readout = document.body.appendChild(Object.assign(document.createElement('div'), { id: 'readout' }))
  let at = 0
  const valueAt = (line) => {
    let found
    for (const [seconds, value] of line.points) { if (seconds > at) break; found = value }
    return found
  }
  const clock = (s) => Math.floor(s / 60) + ':' + String(Math.floor(s % 60)).padStart(2, '0')
  const show = (svg, x, y) => {
    const data = dataOf()
    const place = (data.left + (at / data.seconds) * (data.right - data.left)) * data.width
    for (const each of document.querySelectorAll('svg.chart')) {
      const cross = each.querySelector('.cross')
      cross.setAttribute('x1', place); cross.setAttribute('x2', place); cross.setAttribute('visibility', 'visible')
    }
    const lines = data.charts[svg.id] ?? []
    readout.textContent = clock(at) + '\\n' + lines.map((l) => { const v = valueAt(l); return l.name + '  ' + (v === undefined ? '–' : v) }).join('\\n')
    readout.style.display = 'block'
    readout.style.left = Math.max(0, Math.min(x + 14, innerWidth - readout.offsetWidth - 8)) + 'px'
    readout.style.top = Math.max(0, Math.min(y + 14, innerHeight - readout.offsetHeight - 8)) + 'px'
  }
  const attach = (svg) => {
    svg.tabIndex = 0
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect()
      const data = dataOf()
      const share = ((event.clientX - box.left) / box.width - data.left) / (data.right - data.left)
      at = Math.max(0, Math.min(1, share)) * data.seconds
      show(svg, event.clientX, event.clientY)
    })
    svg.addEventListener('pointerleave', () => { readout.style.display = 'none' })
    svg.addEventListener('blur', () => { readout.style.display = 'none' })
    svg.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') readout.style.display = 'none'
      if (event.key !== 'ArrowLeft' && event.key !== 'ArrowRight') return
      event.preventDefault()
      const data = dataOf()
      const step = event.shiftKey ? 10 : 1
      at = Math.max(0, Math.min(data.seconds, at + (event.key === 'ArrowRight' ? step : -step)))
      const box = svg.getBoundingClientRect()
      show(svg, box.left + box.width / 2, box.top)
    })
  }
  return { attach }
}
`

export const script = `
(() => {
  ${crosshair}
  const data = JSON.parse(document.getElementById('series').textContent)
  const { attach } = crosshair(() => data)
  for (const svg of document.querySelectorAll('svg.chart')) attach(svg)
  // Paper cannot be clicked: what is folded away is opened for it, and folded again afterwards. Tables of charts are not printed: the chart is.
  const folded = []
  addEventListener('beforeprint', () => {
    for (const each of document.querySelectorAll('details:not([open])')) { folded.push(each); each.open = true }
  })
  addEventListener('afterprint', () => { for (const each of folded.splice(0)) each.open = false })
})()
`
