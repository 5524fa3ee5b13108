// The guard outlives the owner by a moment. etcd, the API server and the kubelets know nothing of a lifeline; when the owner dies
// without a word (kill -9), this process notices the end of its standard input and takes the rest of the lab down.
import { parseArgs } from 'node:util'
import { labPaths } from '../machine/paths.ts'
import { killLeftovers } from './leftovers.ts'

const { values } = parseArgs({ options: { lab: { type: 'string' } } })
const paths = labPaths(values.lab)

// Ctrl-C and the owner's SIGTERM at the end of a lab: the owner has cleaned up by itself.
process.on('SIGTERM', () => process.exit(0))
process.on('SIGINT', () => {})
process.stdin.resume()
process.stdin.on('end', () => void killLeftovers(paths.root, paths.state).then(() => process.exit(0)))
