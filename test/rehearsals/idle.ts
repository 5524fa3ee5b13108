/** Players who come and want nothing: for tests of what is done to the cluster, not of what players see. */
import { loadOptions } from '../../scenarios/lib/load.ts'
import { good, measure } from '../../scenarios/lib/measure.ts'

export { teardown, zero } from '../../scenarios/lib/load.ts'

export const options = loadOptions()
export const login = measure('login', () => good)
