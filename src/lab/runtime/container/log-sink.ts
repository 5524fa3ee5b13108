import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

export type StreamName = 'stdout' | 'stderr'
export type Listener = (stream: StreamName, text: string) => void

/**
 * Writes the CRI log format, which the kubelet reads from the file: `<RFC 3339 time> <stream> <F or P> <text>`, where P is a part of a
 * line. Text is read and written as latin1, which keeps every byte.
 */
export type LogSink = {
  write(stream: StreamName, text: string): void
  /** Text without a final newline is written as a part. */
  finish(stream: StreamName): void
  /** The kubelet renamed the file to rotate it: continue in a new one. */
  reopen(): void
  close(): void
  subscribe(listener: Listener): () => void
}

// The limit of containerd and Docker for one line of a log file: 16 KiB.
const LINE_BYTES_MAX = 16 * 1024

export function openLogSink(path: string | undefined, now: () => Date = () => new Date()): LogSink {
  let fd = path === undefined ? undefined : openLog(path)
  const rest: Record<StreamName, string> = { stdout: '', stderr: '' }
  const listeners = new Set<Listener>()
  const append = (lines: string) => {
    if (fd !== undefined && lines !== '') writeSync(fd, lines, null, 'latin1')
  }
  return {
    write(stream, text) {
      for (const listener of listeners) listener(stream, text)
      const { lines, rest: left } = formatLines(rest[stream] + text, `${now().toISOString()} ${stream}`)
      rest[stream] = left
      append(lines)
    },
    finish(stream) {
      if (rest[stream] !== '') append(`${now().toISOString()} ${stream} P ${rest[stream]}\n`)
      rest[stream] = ''
    },
    reopen() {
      if (path === undefined) return
      const fresh = openLog(path)
      if (fd !== undefined) closeSync(fd)
      fd = fresh
    },
    close() {
      if (fd !== undefined) closeSync(fd)
      fd = undefined
      listeners.clear()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** Pure. `rest` is shorter than a part and has no newline. */
export function formatLines(text: string, head: string): { lines: string; rest: string } {
  let lines = ''
  let from = 0
  for (;;) {
    const newline = text.indexOf('\n', from)
    const end = newline < 0 ? text.length : newline
    while (end - from > LINE_BYTES_MAX) {
      lines += `${head} P ${text.slice(from, from + LINE_BYTES_MAX)}\n`
      from += LINE_BYTES_MAX
    }
    if (newline < 0) return { lines, rest: text.slice(from) }
    lines += `${head} F ${text.slice(from, newline)}\n`
    from = newline + 1
  }
}

function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true })
  return openSync(path, 'a', 0o640)
}
