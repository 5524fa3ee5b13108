/** The report of the conformance suite as a page of the docs. */
import { parse } from 'yaml'
import { z } from 'zod'

const result = z.object({
  result: z.string(),
  statistics: z.object({ Passed: z.number(), Skipped: z.number(), Failed: z.number() }),
  failedTests: z.array(z.string()).optional(),
  skippedTests: z.array(z.string()).optional(),
})

const report = z.object({
  date: z.string(),
  gatewayAPIVersion: z.string(),
  gatewayAPIChannel: z.string(),
  profiles: z.array(
    z.object({
      name: z.string(),
      core: result.optional(),
      extended: result
        .extend({
          supportedFeatures: z.array(z.string()).optional(),
          unsupportedFeatures: z.array(z.string()).optional(),
        })
        .optional(),
    }),
  ),
  succeededProvisionalTests: z.array(z.string()).optional(),
})

export type Report = z.infer<typeof report>

export const reportOf = (text: string): Report => report.parse(parse(text))

export const hasFailed = ({ profiles }: Report): boolean =>
  profiles.some(({ core, extended }) => (core?.statistics.Failed ?? 0) + (extended?.statistics.Failed ?? 0) > 0)

export function pageOf(found: Report): string {
  const day = found.date.slice(0, 10)
  return `# Conformance of the lab's gateway

What the conformance suite of the Gateway API ${found.gatewayAPIVersion} (${found.gatewayAPIChannel} channel) says of the lab's ingress. The suite and its manifests are
unchanged. Its backend program differs in two things: it listens at the address of its pod, not on all addresses of the machine, and it can tell its version. The image
\`coredns\`, which no test of this profile asks, is an idle stand-in. Run on ${day} by \`npm run conformance:gateway\`, which writes this page.

${found.profiles.map(profile).join('\n')}`
}

function profile({ name, core, extended }: Report['profiles'][number]): string {
  const rows = [
    ...(core ? [row('core', core)] : []),
    ...(extended ? [row('extended, of the features claimed', extended)] : []),
  ]
  const failed = [...(core?.failedTests ?? []), ...(extended?.failedTests ?? [])]
  const skipped = [...(core?.skippedTests ?? []), ...(extended?.skippedTests ?? [])]
  return `## Profile ${name}

| tests | result | passed | failed | skipped |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
${list('Failed', failed)}${list('Skipped', skipped)}${list('Claimed', extended?.supportedFeatures ?? [])}${list('Not claimed', extended?.unsupportedFeatures ?? [])}`
}

const row = (name: string, { result: outcome, statistics }: z.infer<typeof result>): string =>
  `| ${name} | ${outcome} | ${statistics.Passed} | ${statistics.Failed} | ${statistics.Skipped} |`

const list = (title: string, names: readonly string[]): string =>
  names.length === 0 ? '' : `\n${title}: ${names.map((name) => `\`${name}\``).join(', ')}.\n`
