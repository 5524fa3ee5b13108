/**
 * escape: text that comes from elsewhere (names, log lines, metrics, messages of the cluster) must stay text wherever it is printed.
 * Each sink (terminal, GitHub, Markdown, XML, HTML) has one escaping function and one template tag. The tag escapes every plain string
 * that is put into it, and leaves only what the same tag made. Writers accept nothing but the tag's result, so forgetting the escape
 * is a type error, and a plain template string that reaches a tag is shown escaped instead of being obeyed.
 */

/** Text that is safe in one sink. Only the sink's tag and `own` create it. */
export class Safe<Sink extends string> {
  readonly sink: Sink
  readonly text: string
  constructor(sink: Sink, text: string) {
    this.sink = sink
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

export type SafePart<Sink extends string> = string | number | Safe<Sink> | readonly Safe<Sink>[]

export type Tag<Sink extends string> = {
  (literals: TemplateStringsArray, ...parts: readonly SafePart<Sink>[]): Safe<Sink>
  /** Marks text of our own, such as a style sheet, as safe. Never for text that holds a name or a message. */
  own(text: string): Safe<Sink>
  /** Several safe texts as one. */
  join(parts: readonly Safe<Sink>[], between?: string): Safe<Sink>
}

export function tagOf<Sink extends string>(sink: Sink, escaped: (text: string) => string): Tag<Sink> {
  const own = (text: string): Safe<Sink> => new Safe(sink, text)
  const textOf = (part: SafePart<Sink>): string => {
    if (typeof part === 'string') return escaped(part)
    if (typeof part === 'number') return String(part)
    return part instanceof Safe ? part.text : part.map((each) => each.text).join('')
  }
  const tag = (literals: TemplateStringsArray, ...parts: readonly SafePart<Sink>[]): Safe<Sink> => {
    let text = literals[0] ?? ''
    for (const [index, part] of parts.entries()) text += textOf(part) + (literals[index + 1] ?? '')
    return own(text)
  }
  return Object.assign(tag, {
    own,
    join: (parts: readonly Safe<Sink>[], between = '\n') => own(parts.map((each) => each.text).join(between)),
  })
}
