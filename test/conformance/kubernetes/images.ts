import { copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EnvironmentError } from '../../../src/controller/ports.ts'
import { createAuthority } from '../../../src/lab/control-plane/certificates.ts'
import type { FolderSource } from '../../../src/lab/images/ready-images.ts'
import { isOnPath } from '../../../src/lab/runtime/container/program.ts'

const TEST_IMAGES = 'registry.k8s.io/e2e-test-images'
const CRI_IMAGES = 'gcr.io/k8s-staging-cri-tools'

// The digest by which critest names one of its images.
const PINNED = '@sha256:9700f9a2f5bf2c45f2f605a0bd3bce7cf37420ec9d3ed50ac2758413308766bf'

const AGNHOST = '$IMAGE/rootfs/agnhost'
const WEB_SERVER = ['test-webserver']
// The program looks for both in its folder, which is not the root here.
const CERTIFICATE = { CERT_FILE: '$IMAGE/rootfs/localhost.crt', KEY_FILE: '$IMAGE/rootfs/localhost.key' }

const NAUTILUS = '{"image": "nautilus.jpg"}\n'

/** critest looks for this word in the log of its web server. */
const HTTPD = ['/bin/sh', '-c', 'echo httpd; exec "$0" "$@"', AGNHOST]

type Start = Pick<FolderSource, 'entrypoint' | 'arguments' | 'user' | 'userName'>

/**
 * The images that the suites' pods name. agnhost is upstream's own program. Its web server stands in for nginx and httpd, and its command `pause` for the
 * pause image. busybox is this machine's shell and tools, and so is the image for DNS. The images that only critest pulls are as small.
 */
export async function suiteImages(agnhost: string, scratch: string): Promise<FolderSource[]> {
  const programs = await agnhostFolder(agnhost, scratch)
  const tools = toolsFolder(scratch)
  const image = (name: string, folder: string, start: Start, env: FolderSource['env'] = {}): FolderSource => ({
    kind: 'folder',
    name,
    folder,
    env,
    ...start,
  })
  const shell = (name: string, start: Partial<Start> = {}) =>
    // The name in the environment makes it an image of its own: two names of one content are one image.
    image(name, tools, { entrypoint: [], arguments: ['sh'], ...start }, { PATH: TOOLS_PATH, IMAGE_NAME: name })
  const pulled = ['latest', 'tag', '1', '2', '3', 'tags', `digest${PINNED}`].map((name) =>
    shell(`${CRI_IMAGES}/test-image-${name}`),
  )
  return [
    image(`${TEST_IMAGES}/agnhost`, programs, { entrypoint: [AGNHOST], arguments: ['pause'] }, CERTIFICATE),
    image(`${TEST_IMAGES}/nginx`, programs, { entrypoint: [AGNHOST], arguments: WEB_SERVER }),
    image(`${TEST_IMAGES}/httpd`, programs, { entrypoint: HTTPD, arguments: WEB_SERVER }),
    image('registry.k8s.io/pause', programs, { entrypoint: [AGNHOST, 'pause'] }),
    image('k8s.gcr.io/pause', programs, { entrypoint: [AGNHOST, 'pause'] }),
    image(`${TEST_IMAGES}/nautilus`, nautilusFolder(agnhost, scratch), {
      entrypoint: [AGNHOST],
      arguments: WEB_SERVER,
    }),
    shell(`${TEST_IMAGES}/busybox`),
    shell(`${TEST_IMAGES}/glibc-dns-testing`),
    ...pulled,
    shell(`${CRI_IMAGES}/test-image-user-uid`, { user: 1002 }),
    shell(`${CRI_IMAGES}/test-image-user-uid-group`, { user: 1003 }),
    shell(`${CRI_IMAGES}/test-image-user-username`, { userName: 'www-data' }),
    shell(`${CRI_IMAGES}/test-image-user-username-group`, { userName: 'www-data' }),
  ]
}

/** As its Dockerfile: a spec about entrypoints starts it by its second name. Specs move a file away and back, to make a probe of its web server fail. */
async function agnhostFolder(agnhost: string, scratch: string): Promise<string> {
  const root = join(scratch, 'agnhost', 'rootfs')
  mkdirSync(root, { recursive: true })
  copyFileSync(agnhost, join(root, 'agnhost'))
  symlinkSync('agnhost', join(root, 'agnhost-2'))
  const authority = await createAuthority('conformance')
  const { certificate, key } = await authority.issue({
    commonName: 'localhost',
    use: 'server',
    dnsNames: ['localhost'],
  })
  writeFileSync(join(root, 'localhost.crt'), certificate)
  writeFileSync(join(root, 'localhost.key'), key)
  return join(scratch, 'agnhost')
}

/** A web server with the file that the specs read. */
function nautilusFolder(agnhost: string, scratch: string): string {
  const root = join(scratch, 'nautilus', 'rootfs')
  mkdirSync(root, { recursive: true })
  copyFileSync(agnhost, join(root, 'agnhost'))
  writeFileSync(join(root, 'data.json'), NAUTILUS)
  return join(scratch, 'nautilus')
}

const TOOLS_PATH = '$IMAGE/rootfs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** Debian's `sh` lacks what specs use of busybox's shell: `[[`, `$RANDOM`, and variables such as `data-1`. bash has these, also when it is started as `sh`. */
const BASH = '/bin/bash'

// critest's containers run `top` without a terminal, only to have something that runs.
const TOP = '#!/bin/sh\nexec tail -f /dev/null\n'

function toolsFolder(scratch: string): string {
  const programs = join(scratch, 'tools', 'rootfs', 'bin')
  mkdirSync(programs, { recursive: true })
  if (existsSync(BASH)) symlinkSync(BASH, join(programs, 'sh'))
  writeFileSync(join(programs, 'top'), TOP, { mode: 0o755 })
  return join(scratch, 'tools')
}

/** Programs of this machine that the specs call in their pods, and Debian's packages of them. */
const PROGRAMS = { curl: 'curl', dig: 'bind9-dnsutils', nc: 'netcat-openbsd', nslookup: 'bind9-dnsutils' }

/** @throws EnvironmentError that names all missing programs. Without them specs would fail for a reason that is not the lab's. */
export function requirePrograms(): void {
  const missing = Object.entries(PROGRAMS).filter(([program]) => !isOnPath(program, '/usr/local/bin:/usr/bin:/bin'))
  if (missing.length === 0) return
  const packages = [...new Set(missing.map(([, name]) => name))]
  throw new EnvironmentError(
    `the specs call programs that this machine does not have: ${missing.map(([program]) => program).join(', ')}`,
    `install them (Debian: apt-get install ${packages.join(' ')}).`,
  )
}
