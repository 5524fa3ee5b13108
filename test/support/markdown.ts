/** Tables of Markdown pages that programs write. */
export const row = (...cells: readonly string[]): string => `| ${cells.join(' | ')} |`
export const head = (...cells: readonly string[]): readonly string[] => [row(...cells), row(...cells.map(() => '---'))]

/** Other people's text: nothing of it is read as Markdown. */
export const plain = (text: string): string => text.replace(/[\\`*_[\]<>|~]/g, '\\$&')
