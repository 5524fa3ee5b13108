import { execFile } from 'node:child_process'
import type { Tool } from './tools.ts'

/** The version that a program reports, or why it cannot be used. */
export type Probed = { readonly ok: true; readonly version: string } | { readonly ok: false; readonly why: string }

const ANSWER_WITHIN_MS = 20_000
const OUTPUT_BYTES_MAX = 64 * 1024

/** Asks the program at `path` for its version. A wrong program, one for another machine, or a partial file is a result, not an exception. */
export function probeVersion(tool: Tool, path: string): Promise<Probed> {
  const { promise, resolve } = Promise.withResolvers<Probed>()
  const options = { timeout: ANSWER_WITHIN_MS, maxBuffer: OUTPUT_BYTES_MAX, killSignal: 'SIGKILL' } as const
  execFile(path, [...tool.versionArguments], options, (error, stdout, stderr) => {
    const version = tool.versionPattern.exec(stdout)?.[1]
    if (version !== undefined) resolve({ ok: true, version })
    else resolve({ ok: false, why: whyNot(tool, path, error, stderr) })
  })
  return promise
}

function whyNot(tool: Tool, path: string, error: Error | null, stderr: string): string {
  const asked = `${path} ${tool.versionArguments.join(' ')}`
  if (!error) return `"${asked}" does not answer like ${tool.name}`
  if ('code' in error && error.code === 'ENOENT') return `${path} does not exist`
  if ('code' in error && error.code === 'EACCES') return `${path} may not be executed`
  if ('killed' in error && error.killed) return `"${asked}" gave no answer within ${ANSWER_WITHIN_MS / 1_000} s`
  const said = stderr.trim().split('\n')[0]
  return `"${asked}" failed: ${said || error.message}`
}
