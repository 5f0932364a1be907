import type { FileRow } from '../src/diagnosis/types.ts';
import { byId, el, patch } from './dom.ts';
import { exact, level, safeName, slope } from './words.ts';

const MODES = { r: 'reading', w: 'writing', rw: 'reading and writing' } as const;
const MOST = 12;

/** Files behind the page cache: what is resident, how long the file is, who holds it open. tmpfs is solid, all else can be taken back. */
export function drawFiles(files: readonly FileRow[]): void {
  if (files.length === 0) {
    patch(byId('files'), [{ key: 'none', made: () => el('li', { class: 'quiet' }, 'No file is in sight.') }]);
    return;
  }
  const most = Math.max(1, ...files.map((f) => f.residentBytes ?? 0));
  const rest = files.slice(MOST).reduce((sum, f) => sum + (f.residentBytes ?? 0), 0);
  patch(byId('files'), [
    ...files.slice(0, MOST).map((f) => ({ key: JSON.stringify([f, most]), made: () => row(f, most) })),
    ...(files.length > MOST
      ? [{ key: `${rest}`, made: () => el('li', { class: 'quiet' }, `and ${files.length - MOST} more, ${level(rest)}`) }]
      : []),
  ]);
}

function row(f: FileRow, most: number): HTMLElement {
  const solid = f.fileSystem?.kind === 'tmpfs';
  const bar = el('div', { class: f.residentBytes === null ? 'bar none' : 'bar', 'aria-hidden': 'true' });
  const piece = el('i', solid ? {} : { class: 'hatched' });
  piece.style.setProperty('--hue', `var(--${solid ? 'shmem' : 'cache'})`);
  piece.style.width = `${((f.residentBytes ?? 0) / most) * 100}%`;
  bar.append(piece);
  const growth = f.growthBytesPerHour === null || Math.abs(f.growthBytesPerHour) < 1 ? '' : slope(f.growthBytesPerHour);
  const open = f.openBy.slice(0, 2).map((o) => `pid ${o.pid}, fd ${o.fd}, ${MODES[o.mode]}`);
  const more = f.openBy.length > 2 ? [`and ${f.openBy.length - 2} more`] : [];
  const about = [f.sizeBytes === null ? 'size not known' : `${level(f.sizeBytes)} long`, growth, ...open, ...more];
  const number = el('span', { class: 'number' }, f.residentBytes === null ? 'not told' : level(f.residentBytes));
  number.title = f.residentBytes === null ? safeName(f.method, 200) : `${exact(f.residentBytes)} resident, asked by ${f.method}`;
  return el(
    'li',
    { class: 'row' },
    el(
      'span',
      { title: safeName(f.path, 400) },
      safeName(f.path, 90),
      ...(f.deleted ? [' ', el('em', { class: 'tag' }, 'deleted, still open')] : []),
      ...(solid ? [' ', el('em', { class: 'tag' }, 'tmpfs')] : []),
      el('small', {}, about.filter((x) => x !== '').join(' · ')),
      f.residentBytes === null ? el('small', {}, safeName(f.method.replace(/^unknown: /, ''), 200)) : null,
    ),
    bar,
    number,
  );
}
