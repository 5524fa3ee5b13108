import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { applyReplacements, CHANGED, replacementsIn } from '../../src/toolchain/replacements.ts'
import { ToolchainError } from '../../src/toolchain/toolchain-error.ts'
import { TOOLS } from '../../src/toolchain/tools.ts'
import { tempFolder } from '../support/temp-folder.ts'

let folder = ''
beforeEach(() => {
  folder = tempFolder()
})

const replacement = { file: 'a.go', why: 'a reason', find: 'return nil, err', put: 'return nil, nil // $& $1' }

describe('a replacement in upstream source', () => {
  it('is made literally if its text occurs once', () => {
    writeFileSync(join(folder, 'a.go'), 'if err != nil { return nil, err }')
    applyReplacements(folder, [replacement])
    expect(readFileSync(join(folder, 'a.go'), 'utf8')).toBe('if err != nil { return nil, nil // $& $1 }')
  })

  it.each([
    ['is gone', 'return nil, fmt.Errorf()', '0 times'],
    ['stands there twice', 'return nil, err; return nil, err', '2 times'],
  ])('fails loudly when the text %s, and names the file', (_, source, times) => {
    writeFileSync(join(folder, 'a.go'), source)
    const apply = () => applyReplacements(folder, [replacement])
    expect(apply).toThrow(ToolchainError)
    expect(apply).toThrow(new RegExp(`a\\.go.*${times}`))
    expect(readFileSync(join(folder, 'a.go'), 'utf8')).toBe(source)
  })

  it('that only one program runs is of that program’s module, or no build would see it', () => {
    const astray = Object.entries(CHANGED).flatMap(([module, { replacements }]) =>
      replacements.filter(({ only }) => only !== undefined && TOOLS[only].module !== module),
    )
    expect(astray).toEqual([])
  })

  it('that only the kubelet runs does not make the API server build again', () => {
    const onlyIn = (name: 'kubelet' | 'kube-apiserver') =>
      replacementsIn(TOOLS[name])?.flatMap(({ only }) => only ?? [])
    expect(onlyIn('kubelet')).toEqual(['kubelet'])
    expect(onlyIn('kube-apiserver')).toEqual([])
  })
})
