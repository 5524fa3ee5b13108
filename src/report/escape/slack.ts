/**
 * Text in a Slack message. Three characters act in every message: `&`, `<` and `>`, which begin entities, links and mentions such as `<!channel>`. The
 * rest of Slack's markup is switched off by `mrkdwn: false` in the message. Source: docs.slack.dev, "Formatting message text".
 */
import { tagOf } from './safe.ts'
import { visible } from './visible.ts'

export const escapeSlack = (text: string): string =>
  visible(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

export const slack = tagOf('slack', escapeSlack)
