import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { appendFileSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { judgeFolder } from '../../src/cli/judging.ts'
import { keyOf, writeSignature } from '../../src/cli/verifying.ts'
import { instant } from '../../src/domain/units.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { readSigningKey, readVerifyKey, SIGNATURE_FILE } from '../../src/journal/signature.ts'
import { evidence } from '../support/evidence.ts'
import { chainedAnew } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

const keys = mkdtempSync(join(tmpdir(), 'keys-'))
afterAll(() => rmSync(keys, { recursive: true }))
function pairOf(name: string) {
  const pair = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const [own, open] = [join(keys, `${name}.pem`), join(keys, `${name}.pub.pem`)]
  writeFileSync(own, pair.privateKey)
  writeFileSync(open, pair.publicKey)
  const [signing, verifying] = [keyOf('--sign-key', own, readSigningKey), keyOf('--verify-key', open, readVerifyKey)]
  if (!signing || !verifying) throw new Error('no keys')
  return { own, open, signing, verifying }
}
const mine = pairOf('mine')
const other = pairOf('other')

async function signedRun(key = mine.signing): Promise<string> {
  const folder = tempFolder()
  const journal = await openJournal(join(folder, 'journal.ndjson'))
  for (const record of evidence()) journal.append(record)
  await journal.close()
  writeSignature(join(folder, SIGNATURE_FILE), 'psp-down-at-peak-1', journal, key)
  return folder
}

const verdictOf = async (folder: string) => {
  const { judgment } = await judgeFolder(folder, mine.verifying)
  return [judgment.verdict.kind, judgment.findings[0]?.cause, judgment.findings[0]?.sentence] as const
}
const rewrite = (folder: string, change: (text: string) => string) => {
  const path = join(folder, 'journal.ndjson')
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

describe('a signed journal', () => {
  it('is judged normally with its key, and the verdict names the key', async () => {
    const folder = await signedRun()
    const { judgment } = await judgeFolder(folder, mine.verifying)
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.evidence).toMatchObject({ kind: 'chained', signedBy: expect.stringMatching(/^[0-9a-f]{64}$/) })
    expect((await judgeFolder(folder)).judgment.evidence).not.toHaveProperty('signedBy')
  })

  it('is verified by openssl alone', async () => {
    const folder = await signedRun()
    const { message, signature } = JSON.parse(readFileSync(join(folder, SIGNATURE_FILE), 'utf8')) as Record<
      string,
      string
    >
    const [text, raw] = [join(folder, 'message'), join(folder, 'raw')]
    const verify = (of: string) => {
      writeFileSync(text, of)
      writeFileSync(raw, Buffer.from(signature ?? '', 'base64'))
      const options = ['-verify', '-pubin', '-inkey', mine.open, '-rawin', '-in', text, '-sigfile', raw]
      return execFileSync('openssl', ['pkeyutl', ...options], { encoding: 'utf8', stdio: 'pipe' })
    }
    expect(verify(message ?? '')).toContain('Verified Successfully')
    expect(() => verify(`${message}0`)).toThrow()
  })

  it('is inconclusive when it was rewritten with a new chain, which the chain alone cannot detect', async () => {
    const folder = await signedRun()
    rewrite(folder, (text) => chainedAnew(text.replace('"hostBusy":0.', '"hostBusy":0.0')))
    expect((await judgeFolder(folder)).judgment.verdict.kind).toBe('pass')
    expect(await verdictOf(folder)).toEqual([
      'inconclusive',
      'evidence-unsigned',
      expect.stringMatching(/line \d+ is not the one that was signed/),
    ])
  })

  it('is inconclusive when its end or its signature is missing, or when key or run differ', async () => {
    const cut = await signedRun()
    rewrite(cut, (text) => `${text.trimEnd().split('\n').slice(0, -1).join('\n')}\n`)
    expect((await verdictOf(cut)).slice(0, 2)).toEqual(['inconclusive', 'evidence-unsigned'])

    const foreign = await signedRun(other.signing)
    expect(await verdictOf(foreign)).toEqual([
      'inconclusive',
      'evidence-unsigned',
      expect.stringContaining('was not made with this key'),
    ])

    const moved = await signedRun()
    rewrite(moved, (text) => chainedAnew(text.replace('"run":"psp-down-at-peak-1"', '"run":"another"')))
    expect(await verdictOf(moved)).toEqual([
      'inconclusive',
      'evidence-unsigned',
      expect.stringContaining('signs the run psp-down-at-peak-1'),
    ])

    const old = tempFolder()
    copyFileSync('reports/example/journal.ndjson', join(old, 'journal.ndjson'))
    expect(await verdictOf(old)).toEqual([
      'inconclusive',
      'evidence-unsigned',
      expect.stringContaining(`there is no ${SIGNATURE_FILE}`),
    ])
  })

  it.each(['', '{}', '[]', '{"message":1,"signature":2}', '{"message":"x","signature":"y"}'])(
    'is inconclusive when its signature is no signature: %s',
    async (text) => {
      const folder = await signedRun()
      writeFileSync(join(folder, SIGNATURE_FILE), text)
      expect(await verdictOf(folder)).toEqual([
        'inconclusive',
        'evidence-unsigned',
        expect.stringContaining('is not a signature of a journal'),
      ])
    },
  )

  it('may be continued only by heal, with what it undid', async () => {
    const folder = await signedRun()
    const journal = await openJournal(join(folder, 'journal.ndjson'))
    journal.append({ kind: 'undo-done', at: instant(1), id: 'a', by: 'heal', outcome: 'undone' })
    expect((await verdictOf(folder))[0]).toBe('pass')
    journal.append({ kind: 'run-ended', at: instant(1), healed: true })
    await journal.close()
    expect(await verdictOf(folder)).toEqual([
      'inconclusive',
      'evidence-unsigned',
      expect.stringContaining('was added after it was signed'),
    ])
  })

  it('accepts only Ed25519 keys in PEM, and names a file that is not one', () => {
    const rsa = join(keys, 'rsa.pem')
    writeFileSync(
      rsa,
      generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey.export({ type: 'pkcs8', format: 'pem' }),
    )
    appendFileSync(join(keys, 'text.pem'), 'hello')
    for (const [path, problem] of [
      [rsa, 'is a key of the type rsa, not ed25519'],
      [join(keys, 'text.pem'), 'holds no key that can be read'],
      [join(keys, 'none.pem'), 'no such file or folder'],
    ] as const) {
      expect(() => keyOf('--sign-key', path, readSigningKey)).toThrow(problem)
      expect(() => keyOf('--verify-key', path, readVerifyKey)).toThrow(problem)
    }
  })
})
