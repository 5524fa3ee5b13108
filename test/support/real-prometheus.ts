/** A real Prometheus for one test file, and what it scrapes. `npm run test:prometheus` builds it once (some four minutes). */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { resolveTool } from '../../src/toolchain/toolchain.ts'

export type RealPrometheus = { readonly url: string; stop(): Promise<void> }
export type Scraped = { readonly port: number; stop(): Promise<void> }

const portOf = (server: Server): number => (server.address() as AddressInfo).port
const listening = (server: Server): Promise<unknown> => new Promise((ready) => server.once('listening', ready))
const closed = (server: Server): Promise<unknown> => new Promise((end) => server.close(end))

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await listening(server)
  const port = portOf(server)
  await closed(server)
  return port
}

/** Serves an exposition; `text` is asked at each scrape, and `undefined` answers 503. */
export async function scraped(text: () => string | undefined): Promise<Scraped> {
  const server = createServer((_, response) => {
    const exposition = text()
    if (exposition === undefined) return void response.writeHead(503).end()
    // Prometheus 3 reads no answer without its type.
    response.setHeader('content-type', 'text/plain; version=0.0.4').end(exposition)
  }).listen(0, '127.0.0.1')
  await listening(server)
  const stop = async () => {
    server.closeAllConnections()
    await closed(server)
  }
  return { port: portOf(server), stop }
}

export type ScrapeTarget = { readonly port: number; readonly labels?: Readonly<Record<string, string>> }

/**
 * Scrapes these targets as the job `shop`; each of them was scraped once when this resolves. `rules`: contents of a rule file. `more`: flags of
 * Prometheus.
 */
export async function startPrometheus(
  scrapeMs: number,
  targets: readonly ScrapeTarget[],
  rules?: object,
  more: readonly string[] = [],
): Promise<RealPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  const config = join(folder, 'prometheus.yml')
  const groups = targets.map(({ port, labels = {} }) => ({ targets: [`127.0.0.1:${port}`], labels }))
  const global = { scrape_interval: `${scrapeMs}ms`, scrape_timeout: `${scrapeMs}ms` }
  const ruleFile = join(folder, 'rules.yml')
  const files = rules === undefined ? {} : { rule_files: [ruleFile] }
  // JSON is YAML too.
  if (rules !== undefined) writeFileSync(ruleFile, JSON.stringify(rules))
  const scrapes = [{ job_name: 'shop', static_configs: groups }]
  writeFileSync(config, JSON.stringify({ global, ...files, scrape_configs: scrapes }))
  const { path } = await resolveTool('prometheus')
  const address = `127.0.0.1:${await freePort()}`
  const flags = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`, ...more]
  const child = spawn(path, [...flags, `--web.listen-address=${address}`], { stdio: 'ignore' })
  const url = `http://${address}`
  // Each target was scraped once: Prometheus spreads the first scrapes over the interval, after some seconds.
  const isReady = () =>
    fetch(`${url}/api/v1/targets`).then(
      async (answer) => (await answer.text()).split('"health":"up"').length > targets.length,
      () => false,
    )
  while (!(await isReady())) await sleep(200)
  const stop = async () => {
    const ended = new Promise((exit) => child.once('exit', exit))
    child.kill('SIGTERM')
    await ended
    rmSync(folder, { recursive: true, force: true })
  }
  return { url, stop }
}
