import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { k6Environment } from '../../src/adapters/k6/inspect.ts'
import { webhooksOf } from '../../src/notify/webhooks.ts'
import { performed } from '../support/command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const SECRET = 'https://hooks.example.com/services/T0/B0/s3cret'
const KEY = `whsec_${Buffer.alloc(32, 7).toString('base64')}`

function fileWith(text: string): string {
  const path = join(tempFolder(), 'secret')
  writeFileSync(path, text)
  return path
}

describe('the webhooks that notifications go to', () => {
  it('do not exist unless a variable is set', () => {
    expect(webhooksOf({})).toEqual({ webhooks: [], problems: [] })
    expect(webhooksOf({ MATCHDAY_WEBHOOK_URL: '', MATCHDAY_SLACK_URL_FILE: '' })).toEqual({
      webhooks: [],
      problems: [],
    })
  })

  it('come from variables or from files', () => {
    const { webhooks } = webhooksOf({
      MATCHDAY_WEBHOOK_URL: SECRET,
      MATCHDAY_WEBHOOK_SECRET_FILE: fileWith(`${KEY}\n`),
      MATCHDAY_SLACK_URL_FILE: fileWith(`${SECRET}\n`),
    })
    expect(webhooks.map(({ form, url }) => [form, url.href])).toEqual([
      ['cloudevents', SECRET],
      ['slack', SECRET],
    ])
    expect(webhooks.map(({ key }) => key?.length)).toEqual([32, undefined])
  })

  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['no URL', { MATCHDAY_WEBHOOK_URL: 's3cret' }, 'MATCHDAY_WEBHOOK_URL'],
    ['a URL of another kind', { MATCHDAY_SLACK_URL: 'file:///s3cret' }, 'MATCHDAY_SLACK_URL'],
    ['two of them', { MATCHDAY_SLACK_URL: SECRET, MATCHDAY_SLACK_URL_FILE: '/s3cret' }, 'MATCHDAY_SLACK_URL'],
    ['a missing file', { MATCHDAY_SLACK_URL_FILE: '/nowhere/s3cret' }, 'MATCHDAY_SLACK_URL_FILE'],
    ['a short key', { MATCHDAY_WEBHOOK_URL: SECRET, MATCHDAY_WEBHOOK_SECRET: 's3cret' }, 'MATCHDAY_WEBHOOK_SECRET'],
  ])('are refused if a variable holds %s, without showing it', (_, env, variable) => {
    const { problems } = webhooksOf(env)
    expect(problems.map((each) => each.variable)).toEqual([variable])
    expect(JSON.stringify(problems)).not.toContain('s3cret')
  })

  it('are checked before a run does anything', async () => {
    process.env.MATCHDAY_WEBHOOK_URL = 's3cret'
    const { code, stderr } = await performed('run', 'nowhere.rehearsal.yaml', '--lab')
    delete process.env.MATCHDAY_WEBHOOK_URL
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('MATCHDAY_WEBHOOK_URL') })
    expect(stderr).not.toContain('s3cret')
  })

  it('are not shown to the script of the load', () => {
    process.env.MATCHDAY_SLACK_URL = SECRET
    const values = Object.values(k6Environment())
    delete process.env.MATCHDAY_SLACK_URL
    expect(values).not.toContain(SECRET)
  })
})
