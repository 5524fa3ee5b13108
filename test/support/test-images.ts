import { fileURLToPath } from 'node:url'
import type { ImageSource } from '../../src/lab/images/image-source.ts'

const entry = (path: string): string => fileURLToPath(new URL(`../lab/${path}`, import.meta.url))

/** The small applications of lab tests, all in the shared lab's image store. */
export const TEST_IMAGES: readonly ImageSource[] = [
  { name: 'test/web', entry: entry('nodes/web-app.ts') },
  { name: 'test/app', entry: entry('runtime/pod-app.ts') },
  { name: 'test/echo', entry: entry('chaos-daemon/echo-app.ts') },
]
