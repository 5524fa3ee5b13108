import { fileURLToPath } from 'node:url'

/** Path of a file of this program, named as in the sources. `base` is the caller's `import.meta.url`. The npm package holds its compiled form. */
export const ownFile = (path: string, base: string): string =>
  fileURLToPath(new URL(base.endsWith('.ts') ? path : path.replace(/\.ts$/, '.js'), base))
