// `npx webpack` bundles the services of the reference platform to dist/services, one file each, exactly as the lab does for its images
// (src/lab/images). Another workload: `npx webpack --env workload=path/to/workload.yaml`.
import { resolve } from 'node:path'
import { serviceConfiguration } from './src/lab/images/webpack-config.ts'
import { readWorkload } from './src/lab/workload/workload.ts'

export default (env = {}) => {
  const { images } = readWorkload(env.workload ?? resolve(import.meta.dirname, 'src/platform'))
  const entries = Object.fromEntries(images.map(({ name, entry }) => [name.replaceAll('/', '_'), entry]))
  return serviceConfiguration(entries, resolve(import.meta.dirname, 'dist/services'))
}
