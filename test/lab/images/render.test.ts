import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ImageIndex } from '../../../src/lab/images/image-index.ts'
import { renderImages } from '../../../src/lab/images/render.ts'
import { parseReference } from '../../../src/lab/runtime/image-store.ts'

const digest = `sha256:${'c'.repeat(64)}`
const index: ImageIndex = {
  images: { 'casino/wallet': { digest, kind: 'node', folder: 'x', entrypoint: ['$NODE'], sizeBytes: 1 } },
}
const pinned = `casino/wallet@${digest}`

describe('renderImages', () => {
  it.each([
    ['casino/wallet', pinned],
    ['casino/wallet:1.2.3', pinned],
    ['casino/wallet@sha256:0000', 'casino/wallet@sha256:0000'],
    ['casino/other:1', 'casino/other:1'],
    ['registry.example:5000/casino/wallet', 'registry.example:5000/casino/wallet'],
    ['constructor', 'constructor'],
  ])('turns %s into %s', (image, expected) => {
    const pod = { kind: 'Pod', spec: { containers: [{ name: 'a', image }] } }
    expect(renderImages([pod], index)).toEqual([
      { kind: 'Pod', spec: { containers: [{ name: 'a', image: expected }] } },
    ])
  })

  it('finds containers of every kind in any template, and nothing else', () => {
    const template = (image: string) => ({
      spec: { containers: [{ image }], initContainers: [{ image }], ephemeralContainers: [{ image }] },
    })
    const documents = (image: string) => [
      { kind: 'Deployment', spec: { template: template(image) } },
      { kind: 'CronJob', spec: { jobTemplate: { spec: { template: template(image) } } } },
    ]
    expect(renderImages(documents('casino/wallet'), index)).toEqual(documents(pinned))
    const config = [{ kind: 'ConfigMap', data: { image: 'casino/wallet', containers: 'casino/wallet' } }]
    expect(renderImages(config, index)).toEqual(config)
  })

  it('does not change its input, nor anything that is not an image', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue()), (documents) => {
        const before = structuredClone(documents)
        expect(renderImages(documents, index)).toEqual(before)
        expect(documents).toEqual(before)
      }),
    )
  })
})

describe('an image reference', () => {
  it.each([
    ['casino/wallet', { name: 'casino/wallet' }],
    ['casino/wallet:latest', { name: 'casino/wallet' }],
    ['docker.io/casino/wallet:1', { name: 'casino/wallet' }],
    ['docker.io/library/wallet', { name: 'wallet' }],
    [pinned, { name: 'casino/wallet', digest }],
    [`casino/wallet:1@${digest}`, { name: 'casino/wallet', digest }],
    ['host:5000/wallet', { name: 'host:5000/wallet' }],
  ])('%s is read as %o', (reference, expected) => {
    expect(parseReference(reference)).toEqual(expected)
  })
})
