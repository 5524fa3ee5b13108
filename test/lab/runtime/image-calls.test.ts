import { mkdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type ImageIndex, writeIndex } from '../../../src/lab/images/image-index.ts'
import { imageCalls } from '../../../src/lab/runtime/cri/image-calls.ts'
import { openImageStore } from '../../../src/lab/runtime/image-store.ts'
import { tempFolder } from '../../support/temp-folder.ts'

const entry = (digest: string) => ({
  digest: `sha256:${digest.repeat(64)}`,
  kind: 'native' as const,
  folder: digest,
  entrypoint: ['sh'],
  sizeBytes: 7,
})

/** The images of two nodes with one store. */
function nodes(images: ImageIndex['images'] = { 'shop/api': entry('a'), 'shop/web': entry('b') }) {
  const folder = tempFolder()
  mkdirSync(folder, { recursive: true })
  writeIndex(folder, { images })
  const store = openImageStore(folder)
  const host = { uid: 1000, isRoot: false, canSetGroups: false }
  return [imageCalls(store, host), imageCalls(store, host)] as const
}

const image = (name: string) => ({ image: { image: name } })

describe('the images of a node', () => {
  const tagsOf = (calls: ReturnType<typeof nodes>[0], name: string) => {
    const found = calls.ImageStatus(image(name)) as { image: { id: string; repoTags: string[] } | null }
    return found.image?.repoTags
  }

  it('have the tags under which the node pulled them', () => {
    const [node, other] = nodes()
    expect(tagsOf(node, 'shop/api')).toEqual(['shop/api:latest'])
    for (const tag of ['1', '2']) node.PullImage(image(`shop/api:${tag}`))
    expect(tagsOf(node, 'shop/api:1')).toEqual(['shop/api:1', 'shop/api:2'])
    expect(tagsOf(node, entry('a').digest)).toEqual(['shop/api:1', 'shop/api:2'])
    node.PullImage(image(`shop/api@${entry('a').digest}`))
    expect(tagsOf(node, 'shop/api')).toEqual(['shop/api:1', 'shop/api:2'])
    expect(tagsOf(other, 'shop/api')).toEqual(['shop/api:latest'])
  })

  it('are gone by every name once one is removed, until they are pulled again', () => {
    const [node, other] = nodes()
    for (const tag of ['1', '2']) node.PullImage(image(`shop/api:${tag}`))
    node.RemoveImage(image('shop/api:1'))
    for (const name of ['shop/api:1', 'shop/api:2', entry('a').digest]) expect(tagsOf(node, name)).toBeUndefined()
    expect(node.ListImages({ filter: null })).toMatchObject({ images: [{ repoTags: ['shop/web:latest'] }] })
    expect(tagsOf(other, 'shop/api')).toEqual(['shop/api:latest'])
    node.PullImage(image('shop/api'))
    expect(tagsOf(node, 'shop/api')).toEqual(['shop/api:latest'])
  })

  it('have no tag when they are only pulled by digest', () => {
    const [node] = nodes()
    const { digest } = entry('a')
    node.RemoveImage(image('shop/api'))
    node.PullImage(image(`shop/api@${digest}`))
    const pulled = { image: { repoTags: [], repoDigests: [`shop/api@${digest}`] } }
    expect(node.ImageStatus(image(digest))).toMatchObject(pulled)
  })

  it('are one image under two names with the same digest', () => {
    const [node] = nodes({ 'one/api': entry('a'), 'two/api': entry('a') })
    const tags = ['one/api:1', 'two/api:1']
    expect(tags.map((tag) => node.PullImage(image(tag)))).toEqual(tags.map(() => ({ imageRef: entry('a').digest })))
    expect(node.ListImages({ filter: null })).toMatchObject({ images: [{ id: entry('a').digest, repoTags: tags }] })
    node.RemoveImage(image('one/api:1'))
    expect(tagsOf(node, 'two/api:1')).toBeUndefined()
  })

  it('tell the user that they say, as a number or a name, and else the one that containers get', () => {
    const [node] = nodes({
      number: { ...entry('a'), user: 1002 },
      name: { ...entry('b'), userName: 'www-data' },
      none: entry('c'),
    })
    const userOf = (name: string) => node.ImageStatus(image(name))
    expect(userOf('number')).toMatchObject({ image: { uid: { value: 1002 }, username: '' } })
    expect(userOf('name')).toMatchObject({ image: { username: 'www-data' } })
    expect(userOf('name')).not.toHaveProperty('image.uid')
    expect(userOf('none')).toMatchObject({ image: { uid: { value: 1000 }, username: '' } })
  })

  it('cannot be pulled from anywhere else', () => {
    const [node] = nodes()
    expect(() => node.PullImage(image('nginx:1'))).toThrow(/nginx:1 is not in the lab's image store/)
    expect(node.RemoveImage(image('nginx:1'))).toEqual({})
  })
})
