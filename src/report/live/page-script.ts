/**
 * The live page's script. It knows nothing of rehearsals: it puts what the server made where it belongs, and sends what people write. Text goes through
 * `textContent`; HTML comes only from the server's own templates, which escape every name.
 */
import { rememberTheme } from '../page-script.ts'
import { crosshair } from '../page-zoom.ts'

export const liveScript = `
(() => {
  ${crosshair}
  ${rememberTheme}
  rememberTheme()
  const $ = (id) => document.getElementById(id)
  const data = { left: 0, right: 1, width: 1, seconds: 1, zeroAt: 0, parts: [], charts: {} }
  const cross = crosshair(() => data)
  $('timeline-title').after(cross.tools)
  const LINES_KEPT = 2000
  // The last journal line on this screen: what a note or a decision was made with.
  let seen = 0

  // A button that is drawn again keeps the keyboard focus.
  const put = (element, html) => {
    if (element.shown === html) return
    const held = element.contains(document.activeElement) ? { ...document.activeElement.dataset } : {}
    element.shown = html
    element.innerHTML = html
    const same = [...element.querySelectorAll('button')].find(({ dataset }) =>
      Object.keys(held).length > 0 && Object.entries(held).every(([name, value]) => dataset[name] === value))
    same?.focus()
  }
  const say = (element, text) => { if (element.textContent !== text) element.textContent = text }

  // The address carries the token behind the #, which no server log and no Referer ever holds. It is exchanged for a cookie and removed.
  const enter = async () => {
    const token = location.hash.slice(1)
    if (!/^[\\w-]{20,}$/.test(token)) return true
    const answer = await post('/session', { token })
    history.replaceState(null, '', location.pathname)
    return answer.ok
  }

  const post = async (path, body) => {
    try {
      const response = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })
      const said = await response.json().catch(() => ({}))
      return { ok: response.ok, problem: said.problem ?? 'the server answered ' + response.status }
    } catch {
      return { ok: false, problem: 'the server does not answer' }
    }
  }

  const listen = () => {
    const events = new EventSource('/events')
    const on = (kind, then) => events.addEventListener(kind, (event) => {
      if (event.lastEventId) seen = Math.max(seen, Number(event.lastEventId))
      then(JSON.parse(event.data))
    })
    on('hello', welcome)
    on('lines', (lines) => lines.forEach(addLine))
    on('panels', showPanels)
    on('figures', showFigures)
    on('bye', () => { events.close(); say($('link'), 'The server of this page has ended. Show the run again with: matchday live') })
    events.onopen = () => say($('link'), '')
    events.onerror = () => say($('link'), events.readyState === EventSource.CLOSED
      ? 'This page is not admitted: open the address that matchday printed.'
      : 'Connection lost; trying again…')
  }

  const welcome = ({ name, writes, roles, reason }) => {
    say($('name'), name)
    // People who only watch see the question and the runbook, but no buttons. The server refuses their requests too.
    document.body.classList.toggle('watching', !writes)
    $('stop').hidden = !writes
    $('note').hidden = !writes
    $('reads-only').hidden = writes
    if (reason) say($('reads-only'), reason)
    const known = new Set([...$('role').options].map((each) => each.value))
    for (const role of roles) if (!known.has(role)) $('role').add(new Option(role, role))
    remembered()
  }

  const addLine = ({ seq, at, subject, text, look, said }) => {
    const [list, log] = [$('events'), $('log')]
    const below = log.scrollHeight - log.scrollTop - log.clientHeight < 40
    const item = document.createElement('li')
    const time = Object.assign(document.createElement('time'), { textContent: at })
    const words = document.createElement('span')
    words.append(Object.assign(document.createElement('b'), { textContent: subject }), text)
    if (look) words.className = look
    if (said) item.className = 'said'
    item.dataset.seq = seq
    item.append(time, words)
    list.append(item)
    while (list.childElementCount > LINES_KEPT) list.firstElementChild.remove()
    if (below) log.scrollTop = log.scrollHeight
  }

  const showPanels = ({ title, status, html, open }) => {
    document.title = title
    say($('status'), status)
    for (const [id, text] of Object.entries(html)) put($(id), text)
    if (!open) { $('stop').hidden = true; $('note').hidden = true }
  }

  const showFigures = ({ frame, figures }) => {
    Object.assign(data, frame)
    cross.offer()
    for (const each of figures) {
      data.charts[each.id] = each.lines
      const old = $('figure-' + each.id)
      if (old === null) newFigure(each)
      else renew(old, each)
    }
  }

  const newFigure = ({ id, head, svg, caption }) => {
    const figure = document.createElement('figure')
    figure.id = 'figure-' + id
    figure.innerHTML = '<figcaption></figcaption><div class="plot"></div><p class="caption"></p>'
    figure.children[0].innerHTML = head
    figure.children[1].innerHTML = svg
    figure.children[2].textContent = caption
    cross.attach(figure.querySelector('svg.chart'))
    cross.redraw(figure.querySelector('svg.chart'))
    $('figures').append(figure)
  }

  // The element stays, so that focus, listeners and the scroll position do.
  const renew = (figure, { head, svg, caption }) => {
    put(figure.children[0], head)
    say(figure.children[2], caption)
    const now = figure.querySelector('svg.chart')
    const box = document.createElement('div')
    box.innerHTML = svg
    const next = box.firstElementChild
    for (const name of ['viewBox', 'aria-label']) now.setAttribute(name, next.getAttribute(name))
    now.replaceChildren(...next.childNodes)
    cross.redraw(now)
  }

  const WHO = 'matchday-who'
  const remembered = () => {
    try {
      const { by = '', role = '' } = JSON.parse(localStorage.getItem(WHO) ?? '{}')
      if ($('by').value === '') $('by').value = by
      $('role').value = [...$('role').options].some((each) => each.value === role) ? role : ''
    } catch { /* A browser without storage forgets the name. */ }
  }
  const remember = () => {
    try { localStorage.setItem(WHO, JSON.stringify({ by: $('by').value, role: $('role').value })) } catch { /* as above */ }
  }
  const speaker = () => ({ by: $('by').value, ...($('role').value ? { role: $('role').value } : {}), seen })

  $('note').addEventListener('submit', async (event) => {
    event.preventDefault()
    remember()
    const { ok, problem } = await post('/note', { ...speaker(), is: $('is').value, text: $('text').value })
    say($('note-answer'), ok ? 'Written down.' : 'Not written down: ' + problem)
    if (ok) { $('text').value = ''; $('is').value = 'note' }
  })

  const askToStop = () => {
    if ($('stop').hidden || $('stop-dialog').open) return
    $('stop-by').value = $('by').value
    $('stop-dialog').showModal()
    if ($('stop-by').value) $('stop-now').focus()
  }
  $('stop').addEventListener('click', askToStop)
  addEventListener('keydown', (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)
    if (event.key === 's' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) askToStop()
  })
  $('stop-dialog').addEventListener('close', async () => {
    if ($('stop-dialog').returnValue !== 'stop') return
    $('stop-dialog').returnValue = ''
    if ($('by').value === '') $('by').value = $('stop-by').value
    const reason = $('stop-reason').value
    const { ok, problem } = await post('/decision', { ...speaker(), by: $('stop-by').value, what: 'stop', ...(reason ? { reason } : {}) })
    say($('stop-answer'), ok ? 'Stopping: what was done is being undone.' : 'Not stopped: ' + problem)
  })

  $('gates').addEventListener('click', async ({ target }) => {
    const { what, about, by } = target.dataset
    if (!what) return
    if ($('role').value !== by) { $('role').focus(); return say($('note-answer'), 'Only the ' + by + ' decides this: choose your role.') }
    if ($('by').value === '') { $('by').focus(); return say($('note-answer'), 'Give your name first.') }
    remember()
    target.disabled = true
    const { ok, problem } = await post('/decision', { ...speaker(), what, about })
    say($('note-answer'), ok ? 'Decided.' : 'Not decided: ' + problem)
    target.disabled = false
  })

  $('runbook').addEventListener('click', async ({ target }) => {
    const { step } = target.dataset
    if (!step) return
    if ($('by').value === '') { $('by').focus(); return say($('note-answer'), 'Give your name first.') }
    remember()
    target.disabled = true
    const { ok, problem } = await post('/note', { ...speaker(), is: 'step', text: step })
    say($('note-answer'), ok ? 'Ticked.' : 'Not ticked: ' + problem)
    target.disabled = false
  })

  enter().then((admitted) => {
    if (admitted) listen()
    else say($('link'), 'This address is not admitted (any more): open the one that matchday printed.')
  })
})()
`
