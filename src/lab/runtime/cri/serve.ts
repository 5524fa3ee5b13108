import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  status as grpcStatus,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import { messageOf } from '../../../domain/unknown.ts'
import { RuntimeFault, type RuntimeFaultKind } from '../fault.ts'
import type { ImageCalls, RuntimeCalls } from './messages.ts'

const STATUS: Record<RuntimeFaultKind, grpcStatus> = {
  'not-found': grpcStatus.NOT_FOUND,
  invalid: grpcStatus.INVALID_ARGUMENT,
  'wrong-state': grpcStatus.FAILED_PRECONDITION,
  timeout: grpcStatus.DEADLINE_EXCEEDED,
  failed: grpcStatus.UNKNOWN,
}

// The kubelet's own limit for a message (16 MiB).
const MESSAGE_BYTES_MAX = 16 * 1024 * 1024

export type CriEndpoint = {
  socket: string
  runtime: RuntimeCalls
  images: ImageCalls
  log: (line: string) => void
}

/** Loads api.proto once for all nodes (60 ms). `serve` then opens one socket per node. */
export function loadCri(): { serve(endpoint: CriEndpoint): Promise<{ stop(): void }> } {
  const loaded = loadSync(join(import.meta.dirname, 'api.proto'), { longs: Number, enums: String, defaults: true })
  const service = (name: string): ServiceDefinition => {
    const found = loaded[name]
    if (found === undefined || 'format' in found) throw new Error(`api.proto defines no service ${name}`)
    return found
  }
  const runtime = service('runtime.v1.RuntimeService')
  const images = service('runtime.v1.ImageService')
  return {
    async serve(endpoint) {
      const server = new Server({ 'grpc.max_receive_message_length': MESSAGE_BYTES_MAX })
      server.addService(runtime, handlers(endpoint.runtime, endpoint.log))
      server.addService(images, handlers(endpoint.images, endpoint.log))
      await listen(server, endpoint.socket)
      return { stop: () => server.forceShutdown() }
    },
  }
}

function handlers<Requests>(
  calls: { [Name in keyof Requests]: (request: Requests[Name]) => unknown },
  log: (line: string) => void,
) {
  const implementation: UntypedServiceImplementation = {}
  for (const name in calls) {
    const call = calls[name]
    implementation[name] = async (
      rpc: ServerUnaryCall<Requests[typeof name], unknown>,
      answer: sendUnaryData<unknown>,
    ) => {
      try {
        answer(null, await call(rpc.request))
      } catch (error) {
        if (!(error instanceof RuntimeFault)) log(`${name}: ${error instanceof Error ? error.stack : error}`)
        answer({
          code: error instanceof RuntimeFault ? STATUS[error.kind] : grpcStatus.UNKNOWN,
          details: messageOf(error),
        })
      }
    }
  }
  return implementation
}

function listen(server: Server, socket: string): Promise<void> {
  rmSync(socket, { force: true }) // left by a runtime that was killed
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix://${socket}`, ServerCredentials.createInsecure(), (error) => {
      if (error) return reject(error)
      chmodSync(socket, 0o600)
      resolve()
    })
  })
}
