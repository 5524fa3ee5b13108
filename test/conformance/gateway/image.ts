import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FolderSource } from '../../../src/lab/images/ready-images.ts'

// The suite's pods declare no ports, so no relay listens for them: the backend itself listens at its pod's address. Files of Secrets are below
// the container's root, because a native program sees the machine's.
const START = `
export LISTEN_ADDRESS="127.244.\${MATCHDAY_NATIVE_ADDRESS#127.245.}"
for name in TLS_SERVER_CERT TLS_SERVER_PRIVKEY TLS_SERVER_PRIV_KEY; do
  eval "path=\\\${$name:-}"
  if [ -n "$path" ]; then export "$name=$MATCHDAY_ROOT$path"; fi
done
exec "$0/gateway-echo"
`

/** The images that the manifests of the suite name, from its own backend program. */
export function suiteImages(echo: string, scratch: string): FolderSource[] {
  const folder = join(scratch, 'echo-basic')
  mkdirSync(folder, { recursive: true })
  copyFileSync(echo, join(folder, 'gateway-echo'))
  // An image without a single byte is refused by the kubelet.
  const idle = join(scratch, 'idle')
  mkdirSync(idle)
  writeFileSync(join(idle, 'wait.sh'), 'while :; do sleep 1; done\n')
  return [
    {
      kind: 'folder',
      name: 'registry.k8s.io/gateway-api/echo-basic',
      folder,
      entrypoint: ['/bin/sh', '-c', START, '$IMAGE'],
      env: {},
    },
    // Only tests of UDPRoute ask it, which the profile does not have. Its pod must be ready.
    {
      kind: 'folder',
      name: 'registry.k8s.io/coredns/coredns',
      folder: idle,
      entrypoint: ['/bin/sh', '$IMAGE/wait.sh'],
      env: {},
    },
  ]
}
