const WIDTH = 116;

/** A list entry in lines of the width of the other documents. */
export function wrapped(begin: string, text: string): string {
  const lines = [begin];
  for (const word of text.split(' ')) {
    const line = `${lines.at(-1)} ${word}`;
    if (line.length > WIDTH) lines.push(`  ${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.join('\n');
}
