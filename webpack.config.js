// Bundles by webpack, one entry of the list each: `npx webpack --config-name scenario` writes dist/promo-peak.js for
// `k6 run dist/promo-peak.js`, for instance in a k6-operator TestRun. `matchday run` bundles scenarios itself, with the same function.
import { fileURLToPath } from 'node:url'
import { scenarioBundle } from './src/adapters/k6/bundle-config.ts'

const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export default [
  scenarioBundle(here('./scenarios/promo-peak.ts'), here('./dist'), 'promo-peak.js'),
  // Platform services are bundled by entries that are added here.
]
