import { apiUrl, targetQuery } from '../data/api.ts';
import { el } from '../dom.ts';

/** Links beside a panel to its JSON and to the command that fetches it: `<span class="links" data-api="views">`. */
export function drawLinks(target: string | null): void {
  for (const box of document.querySelectorAll<HTMLElement>('.links')) {
    const path = box.dataset.api!;
    const href = apiUrl(path, path === 'self' ? {} : targetQuery(target));
    const name = box.dataset.name!;
    const copy = el('button', { type: 'button', class: 'plain', title: curl(href) }, 'copy curl');
    copy.setAttribute('aria-label', `copy curl line of ${name}`);
    copy.addEventListener('click', () => void copyText(copy, curl(href), 'copied'));
    box.replaceChildren(el('a', { href, target: '_blank', rel: 'noopener', 'aria-label': `JSON of ${name}` }, 'JSON'), copy);
  }
}

/** If the page was opened with a token, the command needs one too. The token is not written into the command. */
const usesToken = new URLSearchParams(location.search).has('token');
const curl = (href: string): string =>
  `curl -s ${usesToken ? '-H "Authorization: Bearer $MEMHOUND_TOKEN" ' : ''}'${location.origin}${href}'`;

/** Shows a confirmation on the button for two seconds. If the page cannot use the clipboard, the text is shown and selected. */
export async function copyText(button: HTMLElement, text: string, done: string): Promise<void> {
  const before = button.dataset.label ?? button.textContent ?? '';
  button.dataset.label = before;
  try {
    await navigator.clipboard.writeText(text);
  } catch (error) {
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    const area = el('textarea', { readonly: '', class: 'copied', 'aria-label': 'Text to copy' });
    area.value = text;
    button.after(area);
    area.select();
    area.addEventListener('blur', () => area.remove());
    return;
  }
  button.textContent = done;
  setTimeout(() => {
    button.textContent = before;
  }, 2000);
}
