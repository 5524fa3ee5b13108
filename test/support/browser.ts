/**
 * A real browser for tests, driven by the Chrome DevTools Protocol over Node's own WebSocket. Only a Chromium that the machine has is used: nothing is
 * downloaded. `CHROMIUM` names another one. Protocol: chromedevtools.github.io/devtools-protocol.
 */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
export const chromium: string | undefined = places.find((path) => path !== undefined && existsSync(path))

export type Look = {
  readonly width?: number
  readonly height?: number
  readonly dark?: boolean
  readonly still?: boolean
}

export type Part = { readonly x: number; readonly y: number; readonly width: number; readonly height: number }

export type Page = {
  /** The value of an expression; a promise is awaited. */
  run<T = unknown>(expression: string): Promise<T>
  /** Resolves when the expression is true. Rejects after `withinMs`. */
  until(expression: string, withinMs?: number): Promise<void>
  open(url: string): Promise<void>
  reload(): Promise<void>
  press(key: string): Promise<void>
  /** The whole page, or a part of it in CSS pixels. */
  shot(file: string, part?: Part): Promise<void>
  pdf(file: string): Promise<void>
  /** Messages of the console and errors of the page, such as what its policy blocked. */
  readonly complaints: readonly string[]
  /** The names and roles that a screen reader is given. */
  accessible(): Promise<readonly { readonly role: string; readonly name: string }[]>
  close(): Promise<void>
}

export type Browser = { page(look?: Look): Promise<Page>; close(): Promise<void> }

type Message = {
  id?: number
  sessionId?: string
  method?: string
  params?: Record<string, unknown>
  result?: unknown
  error?: { message: string }
}

export async function openBrowser(): Promise<Browser> {
  if (chromium === undefined) throw new Error('there is no Chromium on this machine')
  const profile = mkdtempSync(join(tmpdir(), 'md-browser-'))
  const child = spawn(
    chromium,
    [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--no-first-run',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  const exited = new Promise<void>((resolve) => child.on('exit', () => resolve()))
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const [, url] = /DevTools listening on (ws:\S+)/.exec(line) ?? []
      if (url !== undefined) resolve(url)
    })
    child.on('exit', (code) => reject(new Error(`${chromium} ended with ${code}`)))
  })
  const line = await connected(address)
  return {
    page: (look = {}) => newPage(line, look),
    async close() {
      child.kill()
      await exited
      rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

type Line = {
  ask<T>(method: string, params?: object, session?: string): Promise<T>
  on(session: string, then: (message: Message) => void): void
}

async function connected(address: string): Promise<Line> {
  const socket = new WebSocket(address)
  await new Promise((resolve, reject) => {
    socket.onopen = resolve
    socket.onerror = () => reject(new Error(`no connection to ${address}`))
  })
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  const listeners = new Map<string, (message: Message) => void>()
  let last = 0
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message
    if (message.id === undefined) return listeners.get(message.sessionId ?? '')?.(message)
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error) asked?.reject(new Error(message.error.message))
    else asked?.resolve(message.result)
  }
  return {
    ask: <T>(method: string, params: object = {}, sessionId?: string) =>
      new Promise<T>((resolve, reject) => {
        last += 1
        waiting.set(last, { resolve: resolve as (value: unknown) => void, reject })
        socket.send(JSON.stringify({ id: last, method, params, ...(sessionId === undefined ? {} : { sessionId }) }))
      }),
    on: (session, then) => listeners.set(session, then),
  }
}

/** Each page has a browser context of its own, and so its own cookies. */
async function newPage(line: Line, { width = 1100, height = 900, dark = false, still = false }: Look): Promise<Page> {
  const { browserContextId } = await line.ask<{ browserContextId: string }>('Target.createBrowserContext')
  const { targetId } = await line.ask<{ targetId: string }>('Target.createTarget', {
    url: 'about:blank',
    browserContextId,
  })
  const { sessionId } = await line.ask<{ sessionId: string }>('Target.attachToTarget', { targetId, flatten: true })
  const ask = <T>(method: string, params: object = {}) => line.ask<T>(method, params, sessionId)
  const complaints: string[] = []
  line.on(sessionId, ({ method, params }) => {
    if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded') complaints.push(JSON.stringify(params))
  })
  await Promise.all([ask('Page.enable'), ask('Runtime.enable'), ask('Log.enable'), ask('Accessibility.enable')])
  await ask('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: width < 600 })
  await ask('Emulation.setEmulatedMedia', {
    features: [
      { name: 'prefers-color-scheme', value: dark ? 'dark' : 'light' },
      { name: 'prefers-reduced-motion', value: still ? 'reduce' : 'no-preference' },
    ],
  })
  const run = async <T>(expression: string): Promise<T> => {
    const { result, exceptionDetails } = await ask<{
      result: { value: T }
      exceptionDetails?: { text: string; exception?: { description?: string } }
    }>('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true })
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
    return result.value
  }
  const save = async (method: string, params: object, file: string): Promise<void> => {
    const { data } = await ask<{ data: string }>(method, params)
    writeFileSync(file, Buffer.from(data, 'base64'))
  }
  return {
    run,
    async until(expression, withinMs = 20_000) {
      const end = performance.now() + withinMs
      for (;;) {
        if (await run<boolean>(`Boolean(${expression})`).catch(() => false)) return
        if (performance.now() > end)
          throw new Error(
            `not within ${withinMs} ms: ${expression}\n${await run('document.body.innerText.slice(0, 1500)')}`,
          )
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
    async open(url) {
      await ask('Page.navigate', { url })
    },
    async reload() {
      await ask('Page.reload')
    },
    async press(key) {
      const text = key.length === 1 ? key : key === 'Enter' ? '\r' : undefined
      const code = key === 'Enter' ? 13 : key === 'Tab' ? 9 : key === 'Escape' ? 27 : key.toUpperCase().charCodeAt(0)
      for (const type of ['keyDown', 'keyUp'])
        await ask('Input.dispatchKeyEvent', {
          type,
          key,
          windowsVirtualKeyCode: code,
          ...(type === 'keyDown' && text ? { text } : {}),
        })
    },
    shot: (file, part) =>
      save(
        'Page.captureScreenshot',
        { captureBeyondViewport: true, ...(part === undefined ? {} : { clip: { ...part, scale: 1 } }) },
        file,
      ),
    pdf: (file) => save('Page.printToPDF', { preferCSSPageSize: true, printBackground: true }, file),
    complaints,
    async accessible() {
      type Node = { ignored: boolean; role?: { value: string }; name?: { value: string } }
      const { nodes } = await ask<{ nodes: Node[] }>('Accessibility.getFullAXTree')
      return nodes
        .filter((node) => !node.ignored)
        .map(({ role, name }) => ({ role: role?.value ?? '', name: name?.value ?? '' }))
    },
    async close() {
      await line.ask('Target.disposeBrowserContext', { browserContextId })
    },
  }
}
