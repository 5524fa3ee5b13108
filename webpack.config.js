// Bundles by webpack, one configuration of the list each:
//   `npx webpack --config-name scenario` writes dist/promo-peak.js for `k6 run dist/promo-peak.js`, for instance in a k6-operator TestRun;
//   `npx webpack --config-name services` writes the reference platform's services to dist/services.
// `matchday run` and the lab bundle by themselves, with the same functions.
import { fileURLToPath } from 'node:url'
import { scenarioBundle } from './src/adapters/k6/bundle-config.ts'
import { serviceConfiguration } from './src/lab/images/webpack-config.ts'
import { readWorkload } from './src/lab/workload/workload.ts'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

const services = Object.fromEntries(
  readWorkload(here('./src/platform')).images.map(({ name, entry }) => [name.replaceAll('/', '_'), entry]),
)

export default [
  scenarioBundle(here('./scenarios/promo-peak.ts'), here('./dist'), 'promo-peak.js'),
  serviceConfiguration(services, here('./dist/services')),
]
