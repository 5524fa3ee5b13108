/**
 * Headers of SPDY streams. All headers of a connection are one zlib stream, which begins with a dictionary that both sides know and is flushed after each
 * frame. Node inflates such a stream only by callbacks. A flushed piece ends at a whole byte, so each piece is inflated by itself here: its dictionary is
 * the last 32 KiB of what came before.
 * Source: SPDY Protocol, draft 3.1, section 2.6.10 (Name/Value Header Block).
 */
import { constants, deflateRawSync, deflateSync, inflateRawSync } from 'node:zlib'

/** Names in lower case. */
export type SpdyHeaders = ReadonlyMap<string, string>

const WORDS = [
  ...'options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age allow'.split(
    ' ',
  ),
  ...'authorization cache-control connection content-base content-encoding content-language content-length'.split(' '),
  ...'content-location content-md5 content-range content-type date etag expect expires from host if-match'.split(' '),
  ...'if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma'.split(
    ' ',
  ),
  ...'proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding'.split(' '),
  ...'upgrade user-agent vary via warning www-authenticate method get status'.split(' '),
  '200 OK',
  ...'version HTTP/1.1 url public set-cookie keep-alive origin'.split(' '),
]

const TEXT =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,' +
  'publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.'

const counted = (text: string): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(text.length)
  return Buffer.concat([bytes, Buffer.from(text)])
}

export const DICTIONARY: Buffer = Buffer.concat([...WORDS.map(counted), Buffer.from(TEXT)])

// Of zlib streams (RFC 1950): two bytes, and the checksum of a dictionary where the second byte says so.
const [PLAIN_HEAD_BYTES, DICTIONARY_HEAD_BYTES, HAS_DICTIONARY] = [2, 6, 0x20]
const WINDOW_BYTES = 32 * 1024

// Far more than the headers of a stream need.
const HEADERS_BYTES_MAX = 1024 * 1024

/** Reads the headers of one connection, in the order in which they arrive. @throws Error for bytes that are no headers */
export function createHeaderReader(): (block: Buffer) => SpdyHeaders {
  let seen: Buffer | undefined
  return (block) => {
    const [before, piece] = seen === undefined ? firstPiece(block) : [seen, block]
    const headers = inflateRawSync(piece, {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: HEADERS_BYTES_MAX,
      ...(before.length > 0 ? { dictionary: before } : {}),
    })
    seen = Buffer.concat([before, headers]).subarray(-WINDOW_BYTES)
    return headersIn(headers)
  }
}

function firstPiece(block: Buffer): readonly [before: Buffer, piece: Buffer] {
  const hasDictionary = ((block[1] ?? 0) & HAS_DICTIONARY) !== 0
  return hasDictionary
    ? [DICTIONARY, block.subarray(DICTIONARY_HEAD_BYTES)]
    : [Buffer.alloc(0), block.subarray(PLAIN_HEAD_BYTES)]
}

function headersIn(bytes: Buffer): SpdyHeaders {
  let at = 0
  const count = (): number => {
    at += 4
    return bytes.readUInt32BE(at - 4)
  }
  const text = (): string => {
    const length = count()
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const headers = new Map<string, string>()
  for (let left = count(); left > 0; left -= 1) headers.set(text(), text())
  return headers
}

// A block begins with the number of its headers.
const NONE = Buffer.alloc(4)
const FIRST_NONE = deflateSync(NONE, { finishFlush: constants.Z_SYNC_FLUSH })
const NEXT_NONE = deflateRawSync(NONE, { finishFlush: constants.Z_SYNC_FLUSH })

/** A block without headers: the first one of a connection, or a later one. */
export const noHeaders = (isFirst: boolean): Buffer => (isFirst ? FIRST_NONE : NEXT_NONE)
