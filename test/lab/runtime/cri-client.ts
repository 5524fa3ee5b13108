import { join } from 'node:path'
import { Client, credentials, type ServiceError } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

/** Calls a CRI socket as the kubelet does. Answers are untyped messages: tests read what they need from them. */
export type CriClient = { call<Answer>(method: string, request: object): Promise<Answer>; close(): void }

const proto = join(import.meta.dirname, '../../../src/lab/runtime/cri/api.proto')
const loaded = loadSync(proto, { longs: Number, enums: String, defaults: true })

export function criClient(socket: string): CriClient {
  const client = new Client(`unix://${socket}`, credentials.createInsecure())
  return {
    call<Answer>(method: string, request: object): Promise<Answer> {
      const definition = methodOf(method)
      const { promise, resolve, reject } = Promise.withResolvers<Answer>()
      client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        (bytes) => definition.responseDeserialize(bytes) as Answer,
        request,
        (error: ServiceError | null, answer?: Answer) => (error || !answer ? reject(error) : resolve(answer)),
      )
      return promise
    },
    close: () => client.close(),
  }
}

function methodOf(name: string) {
  for (const service of ['runtime.v1.RuntimeService', 'runtime.v1.ImageService']) {
    const definition = loaded[service]
    if (definition === undefined || 'format' in definition) continue
    const method = (definition as Record<string, (typeof definition)[string]>)[name]
    if (method) return method
  }
  throw new Error(`CRI has no call ${name}`)
}
