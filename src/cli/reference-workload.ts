import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The reference platform, as a folder like any user's. This room does not import it. */
export const REFERENCE_WORKLOAD = resolve(dirname(fileURLToPath(import.meta.url)), '../platform')
