/** One stream of documents from several files. One file stays byte for byte as it is. */
export function joinManifests(texts: readonly string[]): string {
  return texts.reduce((all, next) => {
    if (all === '') return next;
    const text = next.replace(/^\uFEFF/, '');
    const ended = all.endsWith('\n') ? all : `${all}\n`;
    // A directive may stand only after the end of a document.
    if (text.startsWith('%')) return `${ended}...\n${text}`;
    return /^---(?:\s|$)/.test(text) ? ended + text : `${ended}---\n${text}`;
  }, '');
}
