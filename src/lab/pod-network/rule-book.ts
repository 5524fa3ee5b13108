// The rules of all experiments, kept on disk: a restarted agent must neither forget a fault nor keep one that was healed.
import { join } from 'node:path'
import { readState, writeState } from '../machine/state-file.ts'
import type { RulesBySource } from './mirror.ts'
import { type FaultRule, parseRules } from './rules.ts'

export type RuleBook = {
  sources(): RulesBySource
  /** An empty list removes the source. */
  put(source: string, rules: readonly FaultRule[]): void
  /** Keeps growing over restarts, so that a pod can tell newer rules from older ones. */
  nextVersion(): number
  version(): number
}

type Stored = { version: number; sources: Record<string, FaultRule[]> }

export function openRuleBook(netFolder: string): RuleBook {
  const path = join(netFolder, 'rules.json')
  const stored = parseStored(readState(path), path)
  const sources = new Map<string, readonly FaultRule[]>(Object.entries(stored.sources))
  let version = stored.version
  const save = () => writeState(path, { version, sources: Object.fromEntries(sources) }, 0o600)
  return {
    sources: () => sources,
    version: () => version,
    put(source, rules) {
      if (rules.length === 0) sources.delete(source)
      else sources.set(source, rules)
      save()
    },
    nextVersion() {
      version += 1
      save()
      return version
    },
  }
}

function parseStored(found: unknown, path: string): Stored {
  if (found === undefined) return { version: 0, sources: {} }
  const { version, sources } = found as Partial<Stored>
  if (typeof version !== 'number' || typeof sources !== 'object')
    throw new Error(`${path} contains no rules; remove it`)
  for (const rules of Object.values(sources)) {
    const parsed = parseRules({ rules })
    if (!parsed.ok) throw new Error(`${path}: ${parsed.problems.join('; ')}`)
  }
  return { version, sources }
}
