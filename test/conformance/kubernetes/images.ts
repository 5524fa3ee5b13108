import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FolderSource } from '../../../src/lab/images/ready-images.ts'

const TEST_IMAGES = 'registry.k8s.io/e2e-test-images'
const CRI_IMAGES = 'gcr.io/k8s-staging-cri-tools'

const AGNHOST = '$IMAGE/rootfs/agnhost'

type Start = Pick<FolderSource, 'entrypoint' | 'arguments' | 'user'>

/**
 * The images that the suites' pods name. agnhost is upstream's own program. Its web server stands in for nginx, and its command `pause` for the pause
 * image. busybox is this machine's shell and tools. The images that only critest pulls are as small.
 */
export function suiteImages(agnhost: string, scratch: string): FolderSource[] {
  const programs = agnhostFolder(agnhost, scratch)
  const tools = toolsFolder(scratch)
  const image = (name: string, folder: string, start: Start): FolderSource => ({
    kind: 'folder',
    name,
    folder,
    env: {},
    ...start,
  })
  const shell: Start = { entrypoint: [], arguments: ['sh'] }
  const pulled = ['latest', 'tag', '1', '2', '3', 'tags'].map((name) =>
    image(`${CRI_IMAGES}/test-image-${name}`, tools, shell),
  )
  return [
    image(`${TEST_IMAGES}/agnhost`, programs, { entrypoint: [AGNHOST], arguments: ['pause'] }),
    image(`${TEST_IMAGES}/nginx`, programs, { entrypoint: [AGNHOST], arguments: ['test-webserver'] }),
    image('registry.k8s.io/pause', programs, { entrypoint: [AGNHOST, 'pause'] }),
    image('k8s.gcr.io/pause', programs, { entrypoint: [AGNHOST, 'pause'] }),
    image(`${TEST_IMAGES}/busybox`, tools, shell),
    ...pulled,
    image(`${CRI_IMAGES}/test-image-user-uid`, tools, { ...shell, user: 1002 }),
    image(`${CRI_IMAGES}/test-image-user-uid-group`, tools, { ...shell, user: 1003 }),
  ]
}

/** As its Dockerfile: a spec about entrypoints starts it by its second name. */
function agnhostFolder(agnhost: string, scratch: string): string {
  const folder = join(scratch, 'agnhost')
  mkdirSync(join(folder, 'rootfs'), { recursive: true })
  copyFileSync(agnhost, join(folder, 'rootfs', 'agnhost'))
  symlinkSync('agnhost', join(folder, 'rootfs', 'agnhost-2'))
  return folder
}

/** An image without a single byte is refused by the kubelet. */
function toolsFolder(scratch: string): string {
  const folder = join(scratch, 'tools')
  mkdirSync(folder)
  writeFileSync(join(folder, 'README'), 'The programs of this image are those of the machine.\n')
  return folder
}
