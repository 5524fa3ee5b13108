import { describe, expect, it } from 'vitest'
import { because, JournalError } from '../../src/journal/journal-error.ts'

const told = (code: string): Error => Object.assign(new Error('as the system says it'), { code })

describe('why a journal could not be written or read', () => {
  it.each([
    [told('ENOSPC'), 'the disk is full (ENOSPC)'],
    [told('EDQUOT'), 'the disk quota is used up (EDQUOT)'],
    [told('EACCES'), 'permission denied (EACCES)'],
    [told('EROFS'), 'the file system is read-only (EROFS)'],
    [told('ENOENT'), 'no such file or folder (ENOENT)'],
    [told('EISDIR'), 'it is a folder (EISDIR)'],
    [told('EFBIG'), 'the file may not grow further (EFBIG)'],
    [told('EIO'), 'as the system says it'],
    [new Error('without a code'), 'without a code'],
    ['no error at all', 'no error at all'],
  ])('%s is told as "%s"', (error, reason) => expect(because(error)).toBe(reason))

  it('is the cause of the error, if it is known', () => {
    const error = new JournalError('journal-unwritable', 'problem', 'next', told('EIO'))
    expect(error).toMatchObject({ name: 'JournalError', code: 'journal-unwritable', message: 'problem', next: 'next' })
    expect(error.cause).toEqual(told('EIO'))
    expect(new JournalError('journal-empty', 'problem', 'next')).not.toHaveProperty('cause')
  })
})
