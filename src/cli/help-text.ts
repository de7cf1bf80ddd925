/** Width of help where the terminal is wider, or there is none: what everybody's window has. */
export const HELP_COLUMNS = 80

/**
 * Text for the end of a command's help: paragraphs are filled to 80 columns, indented lines (commands to copy, tables)
 * stay as they are. It begins with an empty line.
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
      // A line that announces what follows stands alone.
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
