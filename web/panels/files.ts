import { fileRowName, holderText } from '../../src/diagnosis/file-name.ts';
import type { FileRow } from '../../src/diagnosis/types.ts';
import { bar } from '../charts/bars.ts';
import { type Highlight, highlightOnHover } from '../charts/highlight.ts';
import { podNowMs } from '../data/pod-clock.ts';
import { exactBytesText, groupDigits, level, safeName, slopeText, steadyLevel } from '../data/wording.ts';
import { byId, el, patch } from '../dom.ts';

const MODES = { r: 'reading', w: 'writing', rw: 'reading and writing' } as const;
const MAX_ROWS = 12;
/** A file with less than this share of the largest file's pages is added to the rest, unless it grows or its residency is unknown. */
const MIN_SHARE = 1 / 100;

/** Files in the page cache: resident bytes, size, and the processes that hold them open. tmpfs is solid; all other files are reclaimable. */
export function drawFiles(files: readonly FileRow[]): void {
  if (files.length === 0) {
    patch(byId('files'), [{ key: 'none', made: () => el('li', { class: 'quiet' }, 'No files are known yet.') }]);
    return;
  }
  const most = Math.max(1, ...files.map((f) => f.residentBytes ?? 0));
  const matters = (f: FileRow): boolean => f.residentBytes === null || f.residentBytes >= most * MIN_SHARE || grows(f);
  const shown = files.filter(matters).slice(0, MAX_ROWS);
  const rest = files.filter((f) => !shown.includes(f));
  const sum = level(rest.reduce((all, f) => all + (f.residentBytes ?? 0), 0));
  const more = `and ${groupDigits(rest.length)} more, ${sum}`;
  patch<{ key: string; made: () => HTMLElement; file?: FileRow }>(
    byId('files'),
    [
      ...shown.map((file) => ({
        // Drawn again when its text changes, not each time that its residency was asked.
        key: JSON.stringify([{ ...file, residentAtMs: null }, age(file), most]),
        made: () => row(file, most),
        file,
      })),
      ...(rest.length > 0 ? [{ key: more, made: () => el('li', { class: 'quiet' }, more) }] : []),
    ],
    (node, { file }) => {
      if (file?.residentBytes) highlightOnHover(node, { parts: [], share: share(file, file.residentBytes) });
    },
  );
}

const isTmpfs = (f: FileRow): boolean => f.fileSystem?.kind === 'tmpfs';
const grows = (f: FileRow): boolean => f.growthBytesPerHour !== null && Math.abs(f.growthBytesPerHour) >= 1;

/** The highlight of a file in the stacked chart: its share of the part that contains its pages. */
function share(f: FileRow, bytes: number): Highlight['share'] & {} {
  return { part: isTmpfs(f) ? 'shmem' : 'cache', bytes, name: safeName(shortName(f), 40) };
}

/** A figure that could not be asked again for a while says how old it is, in steps that a reader does not have to follow. */
function age({ residentAtMs }: FileRow): string[] {
  const minutes = residentAtMs == null ? 0 : (podNowMs() - residentAtMs) / 60_000;
  if (minutes < 2) return [];
  return [`pages counted ${minutes < 10 ? Math.floor(minutes) : 10 * Math.floor(minutes / 10)} min ago`];
}

/** The last part of a file's path; a folder's path is not shortened. */
const shortName = (f: FileRow): string => f.path.slice(f.path.lastIndexOf('/') + 1) || f.path;

function row(f: FileRow, most: number): HTMLElement {
  const unreclaimable = isTmpfs(f);
  const open = f.openBy.slice(0, 2).map((o) => `${holderText(f, o.pid)}, fd ${o.fd}, ${MODES[o.mode]}`);
  const hidden = Math.max(f.openBy.length, f.openFiles) - 2;
  const more = hidden > 0 ? [`and ${hidden} more`] : [];
  const length = f.sizeBytes === null ? 'size not known' : `${level(f.sizeBytes)} long`;
  const charged =
    f.chargedBytes !== null && f.chargedBytes < (f.residentBytes ?? 0) ? [`at most ${level(f.chargedBytes)} charged here`] : [];
  const holes = f.allocatedBytes !== null && f.sizeBytes !== null && f.allocatedBytes < 0.9 * f.sizeBytes;
  const sparse = holes ? [`${level(f.allocatedBytes!)} on disk`] : [];
  const about = [
    length,
    ...sparse,
    ...charged,
    ...age(f),
    ...(grows(f) ? [slopeText(f.growthBytesPerHour)] : []),
    ...open,
    ...more,
  ];
  const size = el('small', {}, about.join(' · '));
  size.title = f.sizeBytes === null ? '' : `${exactBytesText(f.sizeBytes)} long`;
  const number = el('span', { class: 'number' }, f.residentBytes === null ? 'not known' : steadyLevel(f.residentBytes));
  number.title =
    f.residentBytes === null ? safeName(f.method, 200) : `${exactBytesText(f.residentBytes)} resident, by ${f.method}`;
  return el(
    'li',
    { class: 'row' },
    el(
      'span',
      { title: safeName(fileRowName(f), 400) },
      safeName(fileRowName(f), 90),
      ...(f.deleted ? [' ', el('em', { class: 'tag' }, 'deleted, still open')] : []),
      ...(unreclaimable ? [' ', el('em', { class: 'tag' }, 'tmpfs')] : []),
      size,
      f.residency.state === 'unknown' ? el('small', {}, safeName(f.residency.reason, 200)) : null,
    ),
    f.residentBytes === null
      ? el('span', { class: 'bar none' })
      : bar([
          { share: f.residentBytes / most, hue: unreclaimable ? 'shmem' : 'cache', kind: unreclaimable ? 'solid' : 'hatched' },
        ]),
    number,
  );
}
