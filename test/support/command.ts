/** One command line performed in this process, with what it says; for tests that perform many. */
import { vi } from 'vitest'
import { matchday } from '../../src/cli/program.ts'

export type Said = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** One at a time: what is said goes through this process's own streams. */
export async function performed(...words: readonly string[]): Promise<Said> {
  const [stdout, stderr] = [caught('stdout'), caught('stderr')]
  try {
    return { code: await matchday(words), stdout: stdout.text(), stderr: stderr.text() }
  } finally {
    stdout.restore()
    stderr.restore()
  }
}

function caught(name: 'stdout' | 'stderr') {
  const chunks: string[] = []
  const spy = vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
    chunks.push(String(chunk))
    return true
  })
  return { text: () => chunks.join(''), restore: () => spy.mockRestore() }
}
