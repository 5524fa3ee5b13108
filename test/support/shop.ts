/** A shop that answers after a drawn time, as a process of its own: `shop.ts MEDIAN_MS BAD_SHARE SEED`. Prints its port. */
import { createServer } from 'node:http'
import { createRandom } from '../../src/domain/random.ts'

const [median = 40, badShare = 0, seed = 1] = process.argv.slice(2).map(Number)
const draw = createRandom(seed, 'answers')
const normal = () => Math.sqrt(-2 * Math.log(1 - draw.fraction())) * Math.cos(2 * Math.PI * draw.fraction())
/** Narrow, so that a p95 of a few hundred answers is known to some per cent. */
const SIGMA = 0.15

const server = createServer((_, response) => {
  const isBad = draw.fraction() < badShare
  setTimeout(() => response.writeHead(isBad ? 503 : 200).end('{}'), median * Math.exp(SIGMA * normal()))
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  console.log(typeof address === 'object' && address !== null ? address.port : '')
})
// The test is gone.
process.stdin.on('end', () => process.exit()).resume()
