/** Measurements that take hours are done in slices: for a time, and not again what was measured at a commit that is recent enough. */
import { execFileSync, spawnSync } from 'node:child_process'

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim()

export const currentCommit = (): string => git('rev-parse', '--short', 'HEAD')

export const today = (): string => new Date().toISOString().slice(0, 10)

/** Whether `commit` is `since` or a later one. Without `since`, always. */
export const isAtOrAfter = (commit: string, since: string | undefined): boolean =>
  since === undefined ||
  spawnSync('git', ['merge-base', '--is-ancestor', since, commit], { stdio: 'ignore' }).status === 0

/** `50m` or `2h`, in milliseconds; undefined for anything else. */
export function sliceMs(text: string): number | undefined {
  const [, number, unit] = /^(\d+)(m|h)$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * (unit === 'h' ? 60 : 1) * 60_000
}
