// The Nodes that pods may bring and that are on this machine: the one that runs the tests, and another major version on PATH.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type NodeAtHand = { node: string; version: string; major: number; index: number }

const OLDEST_MAJOR = 20

export function nodesAtHand(): NodeAtHand[] {
  const candidates = (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'node'))
  const found = new Map([[majorOf(process.version), { node: process.execPath, version: process.version }]])
  for (const node of candidates.filter((path) => existsSync(path))) {
    const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
    if (majorOf(version) >= OLDEST_MAJOR && !found.has(majorOf(version))) found.set(majorOf(version), { node, version })
  }
  if (found.size === 1)
    console.info(`only Node ${process.version} is on PATH: other versions are not covered by this run`)
  return [...found.values()].map((one, index) => ({ ...one, major: majorOf(one.version), index }))
}

function majorOf(version: string): number {
  return Number(/^v?(\d+)/.exec(version)?.[1] ?? 0)
}
