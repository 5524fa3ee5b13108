/** Unpacks the archive that PostgreSQL sends in a base backup (ustar: folders and files) as its bytes arrive. */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const BLOCK = 512
const NAME = [0, 100] as const
const SIZE = [124, 136] as const
const KIND = 156
const PREFIX = [345, 500] as const
const FOLDER = '5'
const FILE = '0'

type OpenFile = { readonly fd: number; left: number; padding: number }

export type Unpacking = { write(bytes: Buffer): void }

/** @throws Error on an entry that would lie outside of `folder`, or that is neither file nor folder */
export function unpackInto(folder: string): Unpacking {
  let header = Buffer.alloc(0)
  let current: OpenFile | undefined

  function begin(block: Buffer): void {
    const path = nameIn(block)
    // The archive ends with empty blocks.
    if (path === '') return
    const at = join(folder, path)
    if (normalize(path).startsWith('..')) throw new Error(`the backup holds ${path}, outside of the database's folder`)
    const kind = String.fromCharCode(block[KIND] ?? 0)
    if (kind === FOLDER) return void mkdirSync(at, { recursive: true, mode: 0o700 })
    if (kind !== FILE) throw new Error(`the backup holds ${path} of kind ${kind}: tablespaces are not supported`)
    mkdirSync(dirname(at), { recursive: true, mode: 0o700 })
    const left = Number.parseInt(textIn(block, SIZE), 8)
    current = { fd: openSync(at, 'w', 0o600), left, padding: (BLOCK - (left % BLOCK)) % BLOCK }
    if (left === 0) finish(current.fd)
  }

  function finish(fd: number): void {
    closeSync(fd)
    if (current?.padding === 0) current = undefined
  }

  /** How many bytes were taken. */
  function take(bytes: Buffer, file: OpenFile): number {
    if (file.left === 0) {
      const skipped = Math.min(file.padding, bytes.length)
      file.padding -= skipped
      if (file.padding === 0) current = undefined
      return skipped
    }
    const length = Math.min(file.left, bytes.length)
    writeSync(file.fd, bytes, 0, length)
    file.left -= length
    if (file.left === 0) finish(file.fd)
    return length
  }

  return {
    write(bytes) {
      for (let at = 0; at < bytes.length; ) {
        if (current !== undefined) {
          at += take(bytes.subarray(at), current)
          continue
        }
        const wanted = BLOCK - header.length
        header = Buffer.concat([header, bytes.subarray(at, at + wanted)])
        at += wanted
        if (header.length < BLOCK) continue
        const block = header
        header = Buffer.alloc(0)
        begin(block)
      }
    },
  }
}

function nameIn(block: Buffer): string {
  const prefix = textIn(block, PREFIX)
  const name = textIn(block, NAME)
  return prefix === '' ? name : `${prefix}/${name}`
}

function textIn(block: Buffer, [from, to]: readonly [number, number]): string {
  const field = block.subarray(from, to)
  const end = field.indexOf(0)
  return field.toString('latin1', 0, end < 0 ? field.length : end).trim()
}
