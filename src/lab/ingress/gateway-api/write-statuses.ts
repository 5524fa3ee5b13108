import { messageOf } from '../../../domain/unknown.ts'
import { type ClusterClient, isConflict, isNotFound } from '../../cluster-access/cluster.ts'
import type { StatusWrite } from './status.ts'

export type StatusWriter = {
  /** Writes what is not written yet. Another call meanwhile is done afterwards. */
  write(): void
  stop(): void
}

const AGAIN_MS = 500

/**
 * Writes the statuses that `wanted` gives. A status made from an older version of its object is refused by the API server; the watch brings
 * the newer version, and with it the next call.
 */
export function createStatusWriter(
  open: () => ClusterClient,
  wanted: () => readonly StatusWrite[],
  log: (line: string) => void,
): StatusWriter {
  // What was written last. It need not be written again while the watch has not brought it yet.
  const done = new Map<string, string>()
  let running = false
  let isAsked = false
  let again: NodeJS.Timeout | undefined
  let said = ''

  async function writeAll(cluster: ClusterClient): Promise<void> {
    for (const { path, version, status } of wanted()) {
      const mark = `${version} ${JSON.stringify(status)}`
      if (done.get(path) === mark) continue
      const body = { metadata: { resourceVersion: version }, status }
      await cluster.merge(`${path}/status`, body).catch((error: unknown) => {
        if (!isConflict(error) && !isNotFound(error)) throw error
      })
      done.set(path, mark)
    }
  }

  async function run(): Promise<void> {
    const cluster = open()
    try {
      while (isAsked) {
        isAsked = false
        await writeAll(cluster)
      }
      said = ''
    } catch (error) {
      const problem = messageOf(error)
      if (problem !== said) log(`status of the Gateway API: ${problem}`)
      said = problem
      again = setTimeout(write, AGAIN_MS)
    } finally {
      cluster.close()
    }
  }

  function write(): void {
    isAsked = true
    clearTimeout(again)
    again = undefined
    if (running) return
    running = true
    void run().finally(() => {
      running = false
      if (isAsked && !again) write()
    })
  }
  return { write, stop: () => clearTimeout(again) }
}
