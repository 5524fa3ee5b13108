import { describe, expect } from 'vitest'
import type { PodSeen } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { evidence, seen, together } from '../../support/evidence.ts'
import { rollout } from '../../support/evidence-actions.ts'
import {
  bornPod as born,
  digest,
  gonePod as gone,
  type ImageStory,
  idOf,
  machines,
  nextImage as next,
  imagePod as pod,
  presentPod as present,
  rolledTo,
  TAG,
} from '../../support/evidence-images.ts'
import { causesOf, sentenceOf, shown, withRehearsal } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

const judged = (...records: readonly (readonly Evidence[] | Evidence)[]) => shown(together(machines, records.flat()))

describe('pods of one workload that run different images at the same time', () => {
  it('are a breach where both have the same name', () => {
    const judgment = judged(present('gateway-1'), present('gateway-2', { node: 'zone-b-api', id: idOf('b') }))
    expect(causesOf(judgment, 'breach')).toEqual(['mixed-images'])
    expect(sentenceOf(judgment, 'mixed-images')).toBe(
      `Pods of Deployment gateway ran different images under one name at the same time, and no rollout was under way: app is ${TAG}, which is sha256:aaaaaaaaaaaa… in gateway-1 and sha256:bbbbbbbbbbbb… in gateway-2.`,
    )
  })

  it('are found where the autoscaler started the second pod', () => {
    const judgment = judged(present('gateway-1'), born(60, 'gateway-2', { id: idOf('b') }))
    expect(causesOf(judgment)).toEqual(['mixed-images'])
  })

  it('are found where they existed at the start and were replaced later', () => {
    const judgment = judged(
      present('gateway-1'),
      present('gateway-2', { id: idOf('b') }),
      born(40, 'gateway-3'),
      gone(50, 'gateway-2', { id: idOf('b') }),
    )
    expect(causesOf(judgment, 'breach')).toEqual(['mixed-images'])
  })

  it('are a warning where a rollout is stuck for the whole run', () => {
    const judgment = judged(present('gateway-1'), present('gateway-2', next))
    expect(judgment.verdict.kind).toBe('pass')
    expect(causesOf(judgment, 'warning')).toEqual(['mixed-images'])
    expect(sentenceOf(judgment, 'mixed-images')).toContain('Its rollout is paused or stuck.')
  })

  it.each<[string, readonly Evidence[]]>([
    [
      'with one digest under two names of the registry',
      [present('a'), present('b', { id: `mirror.example/g@${digest('a')}` })],
    ],
    ['on nodes of different architectures', [present('a'), present('b', { node: 'arm', id: idOf('b') })]],
    ['on a node whose architecture is not known', [present('a'), present('b', { node: 'old', id: idOf('b') })]],
    [
      'where one runtime shows the manifest and another the configuration',
      [present('a'), present('b', { id: digest('b') })],
    ],
    ['where a runtime shows no digest', [present('a'), present('b', { id: 'gateway:1' })]],
    ['where a container was not started yet', [present('a'), present('b', { id: undefined })]],
    [
      'where the name holds the digest, and the image has two manifests',
      ['a', 'b'].map((letter) => present(letter, { image: `${TAG}@${digest('a')}`, id: idOf(letter) })),
    ],
    ['of different workloads', [present('a'), present('b', { kind: 'StatefulSet', id: idOf('b') })]],
    [
      'with a sidecar of another version in some of them',
      [present('a', { sidecar: 'proxy:1' }), present('b', { sidecar: 'proxy:2' })],
    ],
    [
      'of two templates of a StatefulSet',
      [present('a', { kind: 'StatefulSet' }), present('b', { ...next, kind: 'StatefulSet' })],
    ],
    ['while a moved tag is rolled out at the end', [present('a'), ...born(155, 'b', { hash: 'two', id: idOf('b') })]],
    ['while a rollout goes on', [present('a'), present('b', next), ...born(40, 'c', next)]],
    ['of which one is not Ready', [present('a'), seen(-1.8, pod('b', { id: idOf('b') }, { ready: false }), 'present')]],
    ['that a fault selected', [present('payments-api-1'), present('payments-api-9', { id: idOf('b') })]],
    [
      'in a journal without images',
      [present('a'), seen(-1.8, { ...pod('b'), images: undefined } as unknown as PodSeen, 'present')],
    ],
  ])('are no finding: %s', (_, records) => {
    expect(causesOf(judged(records))).not.toContain('mixed-images')
  })
})

describe('a workload that gets another image during the run', () => {
  it('makes it unclear which release the run tested', () => {
    const judgment = judged(rolledTo(next))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['image-changed'])
    expect(sentenceOf(judgment, 'image-changed')).toBe(
      `Deployment gateway got another image during the run, and the rehearsal planned no rollout of it: app ${TAG} (sha256:aaaaaaaaaaaa… in old-1) before the load, then app registry.example/gateway:2 (sha256:bbbbbbbbbbbb… in new-1).`,
    )
  })

  it('is found where the tag is the same and was moved', () => {
    expect(causesOf(judged(rolledTo({ hash: 'two', id: idOf('b') })), 'gap')).toEqual(['image-changed'])
  })

  it('is only a warning where the template is unchanged: a sidecar was injected, or the pod was edited', () => {
    const judgment = judged(present('a', { sidecar: 'proxy:1' }), born(60, 'b', { sidecar: 'proxy:2' }))
    // The fixture's sidecars have one digest: another name for it is no other image.
    expect(causesOf(judgment)).toEqual([])
    const edited = judged(present('a'), seen(60, pod('a', { image: 'registry.example/gateway:2', id: idOf('b') })))
    expect(causesOf(edited)).toEqual(['image-changed'])
    expect(edited.verdict.kind).toBe('pass')
  })

  it.each<[string, readonly Evidence[]]>([
    ['with the same image under another template', rolledTo({ hash: 'two' })],
    ['with another name of the same digest', rolledTo({ ...next, id: idOf('a') })],
    ['with an image that was never started', [present('old'), ...born(40, 'new', { ...next, id: undefined })]],
    ['before the load', rolledTo(next, -20)],
    ['on another architecture', [present('a'), ...born(40, 'b', { node: 'arm', id: idOf('b') })]],
    ['that was not seen before', born(40, 'b', next)],
    ['that was rolling out two images already', [present('a'), present('b', next), ...born(40, 'c', next)]],
    [
      'because a fault replaces it',
      [present('payments-api-1'), seen(66, pod('payments-api-1', { image: 'pause', id: idOf('c') }))],
    ],
  ])('is no finding: %s', (_, records) => {
    expect(causesOf(judged(records))).not.toContain('image-changed')
  })

  it('is no finding where the rehearsal planned a rollout of it', () => {
    const planned = evidence({ rehearsal: withRehearsal({ actions: [rollout] }) })
    expect(causesOf(judge(together(planned, machines, rolledTo(next))))).not.toContain('image-changed')
  })
})

describe('lost records', () => {
  it.each<[string, ImageStory]>([
    ['to another name', next],
    ['to the image that a moved tag names now', { hash: 'two', id: idOf('b') }],
  ])('never make a rollout %s look like mixed images', (_, image) => {
    const records = together(machines, rolledTo(image))
    for (const lost of records) {
      const judgment = shown(records.filter((each) => each !== lost))
      expect(causesOf(judgment), JSON.stringify(lost)).not.toContain('mixed-images')
    }
  })
})
