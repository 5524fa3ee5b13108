/** Names and messages that try to be more than text, for the tests of everything that prints. */
import fc from 'fast-check'
import { parseFragment } from 'parse5'

const ESC = '\u001b'

export const hostileNames: readonly string[] = [
  'x\n::error::y',
  `${ESC}[31mred${ESC}[0m`,
  `${ESC}]0;title\u0007${ESC}]8;;http://evil.example\u0007link${ESC}]8;;\u0007`,
  '# ✓ PASS: forged',
  'a\r\n## forged\r\n\r\n| a | b |\n| --- | --- |',
  '::stop-commands::token',
  'text ##[add-mask]secret',
  ']]></failure><testcase name="forged"/>',
  '</script><script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '" onload="alert(1)',
  "' onload='alert(1)",
  '`code` ``two`` ```',
  '| a | b | \\| c \\',
  '**bold** _it_ ~~gone~~ $x^2$ [a](http://evil.example) ![b](http://evil.example) <http://evil.example>',
  'http://evil.example www.evil.example a@evil.example @someone',
  '&lt;b&gt; &#0; &copy;',
  '\ud800 lone \udfff',
  'nul \u0000 del \u007f c1 \u009b31m \u0085',
  'bidi \u202e\u2066\u2069 \u200f line \u2028 \u2029',
  '\ufffe\uffff',
  '1. list',
  '- list\n---\n===',
  '    indented',
  '[x]: http://evil.example',
]

/** Whole hostile names, and any mixture of their pieces with any other text. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...hostileNames),
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(...hostileNames),
        fc.constantFrom(...'\n\r\t :#|`*_~$&<>[]()!@"\'\\%,.+-=1'.split('')),
        fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((code) => String.fromCharCode(code)), maxLength: 3 }),
        fc.constantFrom('www.', '://', '##[', '::', 'a', 'error'),
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
)

type Node = { readonly nodeName: string; readonly childNodes?: readonly Node[]; readonly value?: string }

export type Parsed = { readonly elements: readonly string[]; readonly text: string }

/** The elements of a piece of HTML in their order, and all of its text, as a browser reads it. */
export function parsedHtml(markup: string): Parsed {
  const elements: string[] = []
  let text = ''
  const walk = (node: Node): void => {
    if (node.nodeName === '#text') text += node.value ?? ''
    else if (!node.nodeName.startsWith('#')) elements.push(node.nodeName)
    for (const child of node.childNodes ?? []) walk(child)
  }
  walk(parseFragment(markup))
  return { elements, text }
}

/** What GitHub's runner would obey in one line of output: the newer form after spaces, the older one anywhere. */
export function obeyed(line: string): boolean {
  const trimmed = line.replace(/^[\s\u0085]+/, '')
  const newer = trimmed.startsWith('::') && trimmed.indexOf('::', 2) >= 0
  const older = line.includes('##[') && line.indexOf(']', line.indexOf('##[')) >= 0
  return newer || older
}
