import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { argvOf } from '../../../src/lab/runtime/container/program.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let imageFolder = ''
beforeEach(() => {
  imageFolder = tempFolder()
  mkdirSync(join(imageFolder, 'rootfs'))
  writeFileSync(join(imageFolder, 'rootfs', 'serve'), '')
  chmodSync(join(imageFolder, 'rootfs', 'serve'), 0o755)
})

type Words = readonly string[]
const both = { entrypoint: ['$IMAGE/rootfs/serve', '--safe'], arguments: ['--at', '$ADDRESS'] }
const argumentsOnly = { entrypoint: [], arguments: ['$IMAGE/rootfs/serve', '--fast'] }

// kubernetes.io/docs/tasks/inject-data-application/define-command-argument-container
describe('the command line of a container', () => {
  it.each<[string, { entrypoint: Words; arguments: Words }, Words, Words, Words]>([
    ['the image alone', both, [], [], ['SERVE', '--safe', '--at', '127.245.1.9']],
    ['args in place of the arguments', both, [], ['--slow', '$ADDRESS'], ['SERVE', '--safe', '--slow', '$ADDRESS']],
    ['a command in place of all of it', both, ['echo'], [], ['echo']],
    ['a command and args', both, ['echo', 'a'], ['b'], ['echo', 'a', 'b']],
    ['a command that is a file of the image', both, ['/serve'], ['b'], ['SERVE', 'b']],
    ['an image with arguments only', argumentsOnly, [], [], ['SERVE', '--fast']],
    ['args where the image has arguments only', argumentsOnly, [], ['/serve', 'x'], ['SERVE', 'x']],
  ])('%s', (_, image, command, args, expected) => {
    const argv = argvOf({ ...image, command, args, node: '/node', imageFolder, address: '127.245.1.9' })
    expect(argv).toEqual(expected.map((word) => (word === 'SERVE' ? join(imageFolder, 'rootfs', 'serve') : word)))
  })
})
