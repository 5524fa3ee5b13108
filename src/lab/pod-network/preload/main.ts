// Runs with --require in every Node process of a pod, before the application. It emulates the network namespace, kube-proxy, cluster DNS
// and NetworkPolicy inside the process, and faults of network, HTTP and DNS act here. Handles carry addresses, streams carry bytes
// (docs/adr/0004-the-pod-network-is-a-preload.md).
import { flushCompileCache, syncBuiltinESMExports } from 'node:module'
import { playAnswers } from './answers.ts'
import { playBinding } from './binding.ts'
import { openControlChannel } from './control.ts'
import { playDialling } from './dialling.ts'
import { playEgress } from './egress.ts'
import { playHolding } from './held-back.ts'
import { playHttp2 } from './http2.ts'
import { playQueries } from './queries.ts'
import { playReading } from './reading.ts'
import { playRequests } from './requests.ts'
import { playResolver } from './resolver.ts'

// Node writes its compile cache when a process exits by itself, but a pod is usually ended by a signal. So it is also written once, when a service
// has had time to start. Node writes only what it did not read from the cache.
const STARTED_MS = 15_000

const LOADED = Symbol.for('matchday.podNetwork')

// NODE_OPTIONS and execArgv may both name the file. A second copy would apply everything twice.
if (!Reflect.get(globalThis, LOADED)) {
  Reflect.set(globalThis, LOADED, true)
  playBinding()
  playDialling()
  playReading()
  playEgress()
  playHttp2()
  playHolding()
  playRequests()
  playAnswers()
  playResolver()
  playQueries()
  syncBuiltinESMExports()
  openControlChannel()
  // Missing in Node before 22.10.
  setTimeout(() => flushCompileCache?.(), STARTED_MS).unref()
}
