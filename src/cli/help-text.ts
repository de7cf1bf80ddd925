/** Width of help, in columns, where the terminal is wider or there is none: every terminal has 80. */
export const HELP_COLUMNS = 80

/**
 * Text for the end of a command's help, after an empty line. Fills paragraphs to 80 columns and keeps indented lines
 * (commands to copy, tables) as they are.
 */
export function helpText(text: string): string {
  const lines: string[] = []
  let paragraph: string[] = []
  const end = (): void => {
    if (paragraph.length > 0) lines.push(...filled(paragraph.join(' ')))
    paragraph = []
  }
  for (const line of text.trim().split('\n')) {
    if (line !== '' && !line.startsWith(' ')) {
      paragraph.push(line)
      // A line that ends with a colon introduces the next lines: keep it on its own line.
      if (line.endsWith(':')) end()
      continue
    }
    end()
    lines.push(line)
  }
  end()
  return `\n${lines.join('\n')}`
}

function filled(text: string): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > HELP_COLUMNS) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
