/** Loads what boots a lab: only when it is needed, and only where it is installed. */
import { EnvironmentError } from '../controller/ports.ts'
import { HAS_LAB, LAB_PACKAGE, VERSION } from './package.ts'

/** @throws EnvironmentError where only the package without the lab is installed */
export async function loadLabBoot(): Promise<typeof import('./lab-boot.ts')> {
  requireLab()
  return import('./lab-boot.ts')
}

export function requireLab(): void {
  if (HAS_LAB) return
  throw new EnvironmentError(
    'the lab is not installed: it is a package of its own, because its libraries are larger than all the rest',
    `npm install --save-dev ${LAB_PACKAGE}@${VERSION}, or use a cluster of your own: --context NAME`,
  )
}
