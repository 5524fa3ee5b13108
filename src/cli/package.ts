/** Name and version of the npm package that this program is part of. */
import { readFileSync } from 'node:fs'

type Manifest = { readonly name: string; readonly version: string }

const manifest: Manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))

export const VERSION = manifest.version

/** The package with what the lab needs besides this one. It has the same version. */
export const LAB_PACKAGE = `${manifest.name.replace(/-lab$/, '')}-lab`

/** Whether the lab's libraries are installed: in a checkout, and when the program runs from the lab's package (main-file.mjs). */
export const HAS_LAB = import.meta.url.endsWith('.ts') || manifest.name === LAB_PACKAGE
