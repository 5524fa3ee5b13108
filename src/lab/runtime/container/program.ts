import { accessSync, constants, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RuntimeFault } from '../fault.ts'

/** `$NODE`, `$IMAGE` and `$ADDRESS` in the words of an image. */
export const fillWord = (word: string, about: { node: string; imageFolder: string; address: string }): string =>
  word.replaceAll('$NODE', about.node).replaceAll('$IMAGE', about.imageFolder).replaceAll('$ADDRESS', about.address)

/** Where an archive's file system lies in the folder of its image. */
export const ROOTFS = 'rootfs'

/**
 * argv of a container. As in Kubernetes, the pod's command replaces the image's entrypoint and arguments, and the pod's args alone replace only the
 * image's arguments.
 */
export function argvOf(about: {
  entrypoint: readonly string[]
  arguments: readonly string[]
  command: readonly string[]
  args: readonly string[]
  node: string
  imageFolder: string
  /** where a program that does not run Node listens */
  address: string
}): string[] {
  const { command, args, imageFolder } = about
  if (command.length > 0) return inImage([...command, ...args], imageFolder)
  const own = (words: readonly string[]) => words.map((word) => fillWord(word, about))
  if (args.length === 0) return [...own(about.entrypoint), ...own(about.arguments)]
  return about.entrypoint.length > 0 ? [...own(about.entrypoint), ...args] : inImage(args, imageFolder)
}

/** A command such as /app/server means the file of the image, where the image has one there. */
export function inImage([program = '', ...rest]: readonly string[], imageFolder: string): string[] {
  const own = join(imageFolder, ROOTFS, program)
  return program.startsWith('/') && isProgram(own) ? [own, ...rest] : [program, ...rest]
}

/** Looks up the program as execvp(3) would, so that a wrong command is an error at the start, not an exit code of the shell around it. */
export function requireProgram(argv: readonly string[], path: string | undefined, workingDir: string): void {
  const program = argv[0]
  if (program === undefined || program === '')
    throw new RuntimeFault('invalid', 'neither the pod nor its image names a command')
  const places = program.includes('/') ? [resolve(workingDir, program)] : placesOnPath(program, path)
  if (places.some(isProgram)) return
  throw new RuntimeFault(
    'failed',
    `exec: ${JSON.stringify(program)}: executable file not found in ${program.includes('/') ? 'that folder' : '$PATH'}`,
  )
}

export const isOnPath = (program: string, path: string | undefined): boolean =>
  placesOnPath(program, path).some(isProgram)

const placesOnPath = (program: string, path = ''): string[] => path.split(':').map((folder) => join(folder, program))

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}
