/** How far the notifications of a run were delivered, by form: a file in its folder. It holds lines and counts, never an address. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { forms, type NotificationForm } from './forms.ts'

export const CURSOR_FILE = 'notifications.json'

/** `line`: the last journal line whose notification arrived. `verdict`: whether the verdict did. */
export type Reached = { readonly line: number; readonly verdict: boolean }

const reached = z.object({ line: z.int().min(0), verdict: z.boolean() })
const shape = z.object({ format: z.literal(1), reached: z.partialRecord(z.enum(forms), reached) })

export type Cursor = {
  of(form: NotificationForm): Reached
  advance(form: NotificationForm, line: number): void
}

/** Undefined: this run has never told anybody anything. A file that cannot be read counts as the beginning: twice is better than never. */
export function cursorIn(folder: string): Cursor | undefined {
  let text: string
  try {
    text = readFileSync(join(folder, CURSOR_FILE), 'utf8')
  } catch {
    return undefined
  }
  return cursorOf(folder, parsed(text))
}

/** Begins one for these forms, or goes on with the one that is there. */
export function openCursor(folder: string, wanted: readonly NotificationForm[]): Cursor {
  const cursor = cursorIn(folder) ?? cursorOf(folder, {})
  for (const form of wanted) cursor.advance(form, cursor.of(form).line)
  return cursor
}

type All = Partial<Record<NotificationForm, Reached>>

function cursorOf(folder: string, known: All): Cursor {
  const all: All = { ...known }
  const of = (form: NotificationForm): Reached => all[form] ?? { line: 0, verdict: false }
  return {
    of,
    advance(form, line) {
      const before = of(form)
      const isVerdict = line === Number.POSITIVE_INFINITY
      all[form] = { line: isVerdict ? before.line : Math.max(before.line, line), verdict: before.verdict || isVerdict }
      write(join(folder, CURSOR_FILE), `${JSON.stringify({ format: 1, reached: all })}\n`)
    },
  }
}

/** Replaced as a whole, and not flushed. Where it cannot be written (a full disk), or is lost, notifications are sent again with the same ids. */
function write(path: string, text: string): void {
  try {
    writeFileSync(`${path}.new`, text)
    renameSync(`${path}.new`, path)
  } catch {
    // The run goes on, and so do the deliveries.
  }
}

function parsed(text: string): All {
  try {
    return shape.parse(JSON.parse(text)).reached
  } catch {
    return {}
  }
}
