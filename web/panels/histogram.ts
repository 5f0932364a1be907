import { ApiErrorAnswer, api, Unreachable } from '../data/api.ts';
import { exactBytesText, groupDigits, level, safeName, steadyLevel } from '../data/wording.ts';
import { byId, el, setText } from '../dom.ts';

/** The only button with a cost for the app. The page says so before it is pressed. It exists only if memhound was started with --attach. */
export function showHistogramButton(mayAttach: boolean, target: () => string | null): void {
  byId('histogram').hidden = !mayAttach;
  const button = byId<HTMLButtonElement>('take-histogram');
  button.onclick = () => void take(button, target());
}

async function take(button: HTMLButtonElement, target: string | null): Promise<void> {
  button.disabled = true;
  const said = byId('histogram-said');
  setText(said, 'The JVM is collecting its whole heap…');
  try {
    const taken = await api.histogram(target);
    setText(said, `Taken in ${taken.durationMs} ms${taken.since === null ? '. Take another later to see what grew.' : '.'}`);
    const rows = (taken.grown.length > 0 ? taken.grown : taken.largest).map((c) => {
      const grown =
        'bytesGrown' in c
          ? `+${level(c.bytesGrown)}, ${c.instancesGrown} instances more`
          : `${groupDigits(c.instances)} instances`;
      const number = el('span', { class: 'number' }, steadyLevel(c.bytes));
      number.title = exactBytesText(c.bytes);
      return el('div', { class: 'row plain' }, el('span', {}, safeName(c.name, 90), el('small', {}, grown)), number);
    });
    byId('classes').replaceChildren(...rows);
  } catch (error) {
    if (!(error instanceof ApiErrorAnswer || error instanceof Unreachable)) throw error;
    setText(said, error instanceof ApiErrorAnswer ? error.sentence : 'The connection was lost; try again when it is back.');
  } finally {
    button.disabled = false;
  }
}
