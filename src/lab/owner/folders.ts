import { chmodSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../machine/lab-error.ts'
import { claimRoot, type LabPaths, PASSABLE } from '../machine/paths.ts'
import { releaseSharedMemory } from './shared-memory.ts'

// The files of one lab, deleted with it. Images stay: staging them takes time, and their digests say what they are.
const TRANSIENT = ['control-plane', 'nodes', 'volumes', 'net', 'kubeconfig', 'lab.json', 'owner.sock', 'runtime.sock']
const KEPT = ['images', 'compile-cache', 'logs', 'owner.log']

/** Makes a clean root for a new lab. Deletes only what a lab is known to write, and refuses a folder with anything else in it. */
export function prepareRoot(paths: LabPaths): void {
  claimRoot(paths.root)
  const foreign = readdirSync(paths.root).filter((name) => !known(name))
  if (foreign.length > 0) {
    throw new LabError({
      code: 'lab-root-in-use',
      problem: `the lab folder ${paths.root} contains files that are not a lab's:  ${foreign.slice(0, 5).join(', ')}.`,
      next: 'give the lab a folder of its own in MATCHDAY_LAB_DIR.',
    })
  }
  removeTransient(paths)
  rmSync(paths.logs, { recursive: true, force: true })
  for (const folder of [paths.root, paths.images, paths.nodes, paths.volumes, paths.net]) {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, PASSABLE) // whatever the umask
  }
  for (const folder of [paths.controlPlane, paths.logs]) mkdirSync(folder, { recursive: true, mode: 0o700 })
}

/** Call it when the lab's processes are gone. */
export function removeTransient(paths: LabPaths): void {
  for (const folder of [paths.volumes, paths.nodes]) releaseSharedMemory(folder)
  for (const name of TRANSIENT) rmSync(join(paths.root, name), { recursive: true, force: true })
}

const known = (name: string): boolean =>
  KEPT.includes(name) || TRANSIENT.includes(name) || /^lab\.json\.\d+$/.test(name)
