// The Nodes that pods may bring and that are on this machine: the one that runs the tests, and other major versions on PATH.
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type NodeAtHand = { node: string; version: string; major: number; index: number }

const OLDEST_MAJOR = 20

export function thisNode(): NodeAtHand {
  return { node: process.execPath, version: process.version, major: majorOf(process.version), index: 0 }
}

export function otherNodes(): NodeAtHand[] {
  const found: NodeAtHand[] = []
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const node = join(folder, 'node')
    const version = existsSync(node) ? versionOf(node) : ''
    const major = majorOf(version)
    const isKnown = [thisNode(), ...found].some((one) => one.major === major)
    if (major >= OLDEST_MAJOR && !isKnown) found.push({ node, version, major, index: found.length + 1 })
  }
  return found
}

function versionOf(node: string): string {
  return execFileSync(node, ['--version'], { encoding: 'utf8' }).trim()
}

function majorOf(version: string): number {
  return Number(/^v?(\d+)/.exec(version)?.[1] ?? 0)
}
