/** `matchday judge --serve` as a process, and the stored runs that it judges. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Evidence } from '../../src/domain/evidence.ts'
import { START } from '../support/evidence.ts'
import { later, store } from '../support/stored.ts'

export type ServedJudge = { readonly url: string; stop(): Promise<void> }

export async function serveJudge(reports: string, token: string): Promise<ServedJudge> {
  const words = ['judge', reports, '--serve', '--listen', '127.0.0.1:0']
  const child = spawn(process.execPath, ['src/cli/bin.mjs', ...words], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', MATCHDAY_JUDGE_TOKEN: token },
  })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, found] = /^(http:\S+) answers about/.exec(line) ?? []
      if (found !== undefined) resolve(found)
    })
    child.once('exit', () => reject(new Error(said)))
  })
  const stop = async () => {
    child.kill('SIGINT')
    await ended
  }
  return { url, stop }
}

/** Stores a run that ends now, so that it is the newest one. Returns its name. */
export function storeNow(reports: string, records: readonly Evidence[]): string {
  const lastedMs = (records.at(-1)?.at ?? START) - START
  const now = Date.now()
  const [, day, time] = /^(\d{8})(\d{6})/.exec(new Date(now).toISOString().replace(/\D/g, '')) ?? []
  const run = `psp-down-at-peak-${day}-${time}`
  store(reports, run, later(records, now - lastedMs - START))
  return run
}
