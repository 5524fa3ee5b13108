/**
 * undici's pool, without the rest of undici. Its index also loads fetch, WebSocket, caches and mocks, which no service uses: 16 ms more CPU at each
 * start of a pod, an eighth of the start.
 */
import request from 'undici/lib/api/api-request.js'
import Pool from 'undici/lib/dispatcher/pool.js'

// As undici's index does.
Pool.prototype.request = request

export { Pool }
