import { closeSync, constants, openSync } from 'node:fs'
import { Socket } from 'node:net'

/** The standard input of a container's main process, for `kubectl attach` and `kubectl run -i`. */
export type Input = {
  write(data: Buffer): void
  /** The client closed its end. With `stdinOnce` the process reads its end of file now; else later clients may go on. */
  clientLeft(): void
  close(): void
}

/** Both ends of the named pipe. Close `read` here when the container has it. Neither open waits: the first descriptor is both a reader and a writer. */
export function openInputPipe(path: string): { readonly read: number; readonly write: number } {
  const both = openSync(path, constants.O_RDWR)
  try {
    return {
      read: openSync(path, constants.O_RDONLY),
      write: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK),
    }
  } finally {
    closeSync(both)
  }
}

export function inputOf(fd: number, once: boolean): Input {
  const pipe = new Socket({ fd, readable: false, writable: true })
  pipe.on('error', () => pipe.destroy()) // the process has closed its input, or ended
  const close = () => pipe.end()
  return {
    write: (data) => void (pipe.writable && pipe.write(data)),
    clientLeft: () => {
      if (once) close()
    },
    close,
  }
}
