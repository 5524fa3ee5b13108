/** HTTP Archives (HAR 1.2, http://www.softwareishard.com/blog/har-12-spec/), as browsers save them: the parts that a load script needs. */
import { z } from 'zod'
import { messageOf } from '../../domain/unknown.ts'

const named = z.object({ name: z.string(), value: z.string() })

const entry = z.object({
  pageref: z.string().optional(),
  startedDateTime: z.string(),
  time: z.number().optional(),
  _resourceType: z.string().optional(),
  request: z.object({
    method: z.string(),
    url: z.string(),
    headers: z.array(named).default([]),
    postData: z.object({ mimeType: z.string().default(''), text: z.string().optional() }).optional(),
  }),
  response: z.object({
    status: z.number(),
    content: z.object({ mimeType: z.string().default('') }).default({ mimeType: '' }),
  }),
})

const archive = z.object({
  log: z.object({
    pages: z.array(z.object({ id: z.string(), title: z.string().default('') })).default([]),
    entries: z.array(entry),
  }),
})

export type HarEntry = z.infer<typeof entry>
export type Har = z.infer<typeof archive>['log']

export type ReadHar = { readonly ok: true; readonly har: Har } | { readonly ok: false; readonly problem: string }

export function readHar(text: string): ReadHar {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return { ok: false, problem: `it is not JSON: ${messageOf(error)}` }
  }
  const parsed = archive.safeParse(value)
  if (parsed.success) return { ok: true, har: parsed.data.log }
  const [first] = parsed.error.issues
  return { ok: false, problem: `it is not a HAR: ${first?.path.join('.') ?? 'log'}: ${first?.message ?? 'unknown'}` }
}
