// The guard outlives the owner by a moment. etcd, the API server and the kubelets have no lifeline. When the owner is killed (kill -9), the
// guard sees the end of its standard input and takes the rest of the lab down. A lab with a PID namespace of its own has no guard: the kernel
// does this for it.
import { parseArgs } from 'node:util'
import { labPaths } from '../machine/paths.ts'
import { killLeftovers } from './leftovers.ts'

const { values } = parseArgs({ options: { lab: { type: 'string' } } })
const paths = labPaths(values.lab)

// The owner cleans up by itself after Ctrl-C, which is ignored here, and before it ends the guard with SIGTERM.
process.on('SIGTERM', () => process.exit(0))
process.on('SIGINT', () => {})
process.stdin.resume()
process.stdin.on('end', () => void killLeftovers(paths.root, paths.state).then(() => process.exit(0)))
