/** Packages of Debian, unpacked below the cache and not installed. */
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Unpacks the packages into `folder`, whole or not at all. `finish` adds to what was unpacked, in a folder that is renamed afterwards; false: something
 * is missing in it. @returns whether the folder is there
 */
export function unpackPackages(
  folder: string,
  names: readonly string[],
  finish: (aside: string) => boolean = () => true,
): boolean {
  if (existsSync(folder)) return true
  const aside = `${folder}.${process.pid}`
  mkdirSync(aside, { recursive: true })
  try {
    if (spawnSync('apt-get', ['download', ...names], { cwd: aside }).status !== 0) return false
    const files = globSync(join(aside, '*.deb'))
    if (files.length < names.length) return false
    if (!files.every((file) => spawnSync('dpkg', ['-x', file, aside]).status === 0)) return false
    for (const file of files) rmSync(file)
    if (!finish(aside)) return false
    renameSync(aside, folder)
    return true
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
