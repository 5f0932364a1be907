import { createTwoFilesPatch } from 'diff';

const COLOURS: readonly (readonly [RegExp, number])[] = [
  [/^(?:---|\+\+\+) /, 1],
  [/^@@/, 36],
  [/^\+/, 32],
  [/^-/, 31],
];

/** What changes from one text to another, as `diff -u` prints it. `colour`: with the terminal's codes. */
export function textDiff(name: string, before: string, after: string, colour: boolean): string {
  const text = createTwoFilesPatch(name, name, before, after, '', '', { context: 3 }).replace(/^Index:.*\n=+\n/, '');
  if (!colour) return text;
  return text.replace(/^.+$/gm, (line) => {
    const code = COLOURS.find(([start]) => start.test(line))?.[1];
    return code === undefined ? line : `\u001b[${code}m${line}\u001b[0m`;
  });
}
