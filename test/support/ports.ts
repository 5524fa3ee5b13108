import { createServer, type Server } from 'node:net'

/**
 * Below the range from which Linux takes the local end of outgoing connections (32,768 and up): a port from there would be lost
 * whenever its server restarts while any connection of this machine happens to hold it.
 */
const FIRST = 20_000
const BLOCK = 250
const BLOCKS = 48

let claimed: Promise<number> | undefined
let given = 0

/**
 * A port of loopback for a server of this process's tests. Test files run side by side, each in a process of its own: each claims
 * a block of ports by holding its first, so that no two of them are ever given the same.
 */
export async function freePort(): Promise<number> {
  claimed ??= claimBlock()
  const block = await claimed
  for (let tries = 1; tries < BLOCK; tries += 1) {
    const port = block + 1 + (given++ % (BLOCK - 1))
    const server = await listen(port)
    if (server === undefined) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
  throw new Error(`all ports from ${block} to ${block + BLOCK - 1} are taken`)
}

async function claimBlock(): Promise<number> {
  for (let tries = 0; tries < BLOCKS; tries += 1) {
    const block = FIRST + ((process.pid + tries) % BLOCKS) * BLOCK
    const server = await listen(block)
    if (server !== undefined) {
      server.unref()
      return block
    }
  }
  throw new Error(`all ${BLOCKS} blocks of ports are taken`)
}

function listen(port: number): Promise<Server | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.on('error', () => resolve(undefined))
    server.listen(port, '127.0.0.1', () => resolve(server))
  })
}
