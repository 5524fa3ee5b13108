/** Unpacks the archive that PostgreSQL sends in a base backup (files and folders) as its bytes arrive. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { extract, type Header } from 'tar-stream'
import { asError } from '../../../domain/unknown.ts'

export type Unpacking = {
  /** @throws Error on an entry that would lie outside of the folder, or that is neither file nor folder; a later call may throw it, or `end` */
  write(bytes: Buffer): void
  /** Resolves when everything is written. @throws Error as `write` does, and where the archive is cut off */
  end(): Promise<void>
}

export function unpackInto(folder: string): Unpacking {
  const archive = extract()
  let failure: Error | undefined
  const ended = new Promise<void>((resolve, reject) => {
    archive.on('finish', resolve)
    archive.on('error', (error) => {
      failure = error
      reject(error)
    })
  })
  // An error before `end` is thrown by the next `write`.
  ended.catch(() => undefined)
  archive.on('entry', ({ name, type }, content, next) => {
    // The archive tells of its errors itself, and of those of its entries.
    content.on('error', () => undefined)
    try {
      const at = placeOf(folder, name, type)
      if (type === 'directory') mkdirSync(at, { recursive: true, mode: 0o700 })
      const file = type === 'file' ? openFile(at) : undefined
      // Written at once: a backup is never held in memory, however slow the disk is.
      content.on('data', (bytes) => {
        if (file !== undefined && bytes instanceof Uint8Array) writeSync(file, bytes)
      })
      content.on('end', () => {
        if (file !== undefined) closeSync(file)
        next()
      })
    } catch (error) {
      next(asError(error))
    }
  })
  return {
    write(bytes) {
      if (failure !== undefined) throw failure
      archive.write(bytes)
    },
    end() {
      archive.end(null)
      return ended
    },
  }
}

function placeOf(folder: string, name: string, type: Header['type']): string {
  if (normalize(name).startsWith('..')) throw new Error(`the backup holds ${name}, outside of the database's folder`)
  if (type !== 'file' && type !== 'directory')
    throw new Error(`the backup holds ${name}, a ${type}: tablespaces are not supported`)
  return join(folder, name)
}

function openFile(at: string): number {
  mkdirSync(dirname(at), { recursive: true, mode: 0o700 })
  return openSync(at, 'w', 0o600)
}
