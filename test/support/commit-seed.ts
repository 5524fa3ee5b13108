import { execFileSync } from 'node:child_process'

/** The seed of a commit: the first 48 bits of its hash, which JavaScript holds exactly. */
export const seedOfCommit = (hash: string): number => Number.parseInt(hash.slice(0, 12), 16)

/** REHEARSAL_SEED as given; otherwise that of the commit that is checked out. Undefined where there is no repository. */
export function seedOfChecks(given: string | undefined): string | undefined {
  if (given !== undefined) return given
  try {
    const head = execFileSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
    return String(seedOfCommit(head.trim()))
  } catch {
    return undefined
  }
}
