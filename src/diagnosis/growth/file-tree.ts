import type { FileTrack } from '../../history/series.ts';
import { folderOfPath, folderStem, isOfAll, isTelling } from '../../sources/files/file-groups.ts';
import { lastFinite } from './growth-pace.ts';

/** The bytes of a track whose growth is measured: those in memory, or those on the file system. */
export type Measure = (track: FileTrack) => Float64Array;

/** The span over which growth is measured, epoch seconds. */
export interface Span {
  readonly fromS: number;
  readonly toS: number;
}

/** A folder or a track, with its growth in a span and in the last third of the span. */
export interface FileNode {
  /** A folder has a slash at its end. */
  readonly path: string;
  readonly folder: boolean;
  readonly tracks: FileTrack[];
  readonly children: FileNode[];
  grownBytes: number;
  lateBytes: number;
}

/** A folder is named instead of its parent if it has this share of the parent's growth. */
const MIN_SHARE = 0.8;
/** And this share of the parent's latest growth, because one segment that is full does not grow any more. */
const MIN_LATE_SHARE = 0.5;
/** A folder is shown by the common name of its files only if it contains other files too. */
const OTHERS_SHARE = 0.2;
const LATE_THIRD = 2 / 3;
/** Maximum of places that are named together if only the root contains them all. */
const MAX_NAMED = 3;

/** The growth of all tracks as a tree of folders. `shareOf`: the share of a track's bytes that counts. */
export function fileTree(
  tracks: readonly FileTrack[],
  span: Span,
  measure: Measure,
  shareOf: (track: FileTrack) => number = () => 1,
): FileNode {
  const root = folderNode('/');
  for (const track of tracks) {
    const leaf = trackNode(track, span, measure, shareOf(track));
    let at = root;
    addTo(at, leaf);
    const folder = folderOfPath(track.path);
    for (let end = folder.indexOf('/', 1); end > 0; end = folder.indexOf('/', end + 1)) {
      at = childOf(at, folder.slice(0, end + 1));
      addTo(at, leaf);
    }
    at.children.push(leaf);
  }
  return root;
}

const folderNode = (path: string): FileNode => ({ path, folder: true, tracks: [], children: [], grownBytes: 0, lateBytes: 0 });

function childOf(parent: FileNode, path: string): FileNode {
  const known = parent.children.find((c) => c.folder && c.path === path);
  if (known !== undefined) return known;
  const made = folderNode(path);
  parent.children.push(made);
  return made;
}

function addTo(node: FileNode, leaf: FileNode): void {
  node.tracks.push(...leaf.tracks);
  node.grownBytes += leaf.grownBytes;
  node.lateBytes += leaf.lateBytes;
}

function trackNode(track: FileTrack, span: Span, measure: Measure, share: number): FileNode {
  const lateS = span.fromS + (span.toS - span.fromS) * LATE_THIRD;
  return {
    path: track.path,
    folder: false,
    tracks: [track],
    children: track.members.map((member) => trackNode(member, span, measure, share)),
    grownBytes: share * growthSince(track, span.fromS, measure),
    lateBytes: share * growthSince(track, lateS, measure),
  };
}

/** Growth of a track since that time, in bytes. A file that did not exist yet counts as 0. */
function growthSince(track: FileTrack, fromS: number, measure: Measure): number {
  const column = measure(track);
  const now = lastFinite(column);
  if (now === null) return 0;
  const first = track.t.findIndex((t) => t >= fromS);
  const before = column[Math.max(0, first)]!;
  return now - (Number.isFinite(before) ? before : 0);
}

/**
 * The place that grew: the deepest folder, group of files or file with nearly all of the growth, or the two in it that have it together. If that is
 * only the root, the largest places that have nearly all of it. `isOne`: it is one of several already, and no two of it are named.
 */
export function whatGrew(node: FileNode, isOne = false): FileNode[] {
  const only = node.children.length === 1 ? node.children[0]! : null;
  if (node.folder && only !== null && (only.folder || isFile(only))) return whatGrew(only, isOne);
  const best = node.children.reduce<FileNode | null>((b, c) => (b === null || c.grownBytes > b.grownBytes ? c : b), null);
  if (best !== null && holds(best, node)) {
    if (best.folder || isFile(best) || !isNearlyAllOf(best, node)) return whatGrew(best, isOne);
    // The folder contains only this group. A single file of the group may still have the growth.
    const inside = whatGrew(best)[0]!;
    return inside === best ? [isOfAll(node.path) && isTelling(best.path) ? best : node] : [inside];
  }
  const alike = foldersOfStem(node);
  if (alike !== null) return [alike];
  if (best === null || isOne) return [node];
  return node.path === '/' ? largestPlaces(node) : (twoPlaces(node) ?? [node]);
}

/** Two folders have this share of their parent's growth together, and each of them that share, from first to last. */
const MIN_SHARE_OF_BOTH = 0.9;
const MIN_SHARE_OF_EACH = 0.2;

/** Two folders, or a folder and what lies beside it, that grow all the time and have nearly all of the growth; null: there are not two such. */
function twoPlaces(folder: FileNode): FileNode[] | null {
  const [first, second] = [...folder.children].sort((a, b) => b.grownBytes - a.grownBytes);
  if (first === undefined || second === undefined || !(first.folder || second.folder)) return null;
  const both = [first, second];
  const isPart = ({ grownBytes, lateBytes }: FileNode): boolean =>
    grownBytes >= MIN_SHARE_OF_EACH * folder.grownBytes && lateBytes >= MIN_SHARE_OF_EACH * folder.lateBytes;
  const together = first.grownBytes + second.grownBytes;
  return both.every(isPart) && together >= MIN_SHARE_OF_BOTH * folder.grownBytes
    ? both.flatMap((place) => whatGrew(place, true))
    : null;
}

/** The folders of one stem that have nearly all of the growth of a folder in which any program writes, as one; null: there are none. */
function foldersOfStem(node: FileNode): FileNode | null {
  if (!isOfAll(node.path) || node.path === '/') return null;
  const byStem = new Map<string, FileNode>();
  for (const child of node.children) {
    if (!child.folder) continue;
    const path = folderStem(child.path);
    const stem = byStem.get(path) ?? folderNode(path);
    byStem.set(path, stem);
    addTo(stem, child);
    stem.children.push(child);
  }
  const found = [...byStem.values()].find((stem) => stem.children.length > 1 && holds(stem, node));
  return found !== undefined && isTelling(found.path) ? found : null;
}

const isFile = (node: FileNode): boolean => node.tracks[0]!.kind === 'file';

const holds = (child: FileNode, parent: FileNode): boolean =>
  child.grownBytes >= MIN_SHARE * parent.grownBytes && child.lateBytes >= MIN_LATE_SHARE * parent.lateBytes;

/** True if only a small share of the folder's files are others. */
function isNearlyAllOf(group: FileNode, folder: FileNode): boolean {
  const files = (node: FileNode): number => node.tracks.reduce((sum, { files: n }) => sum + n, 0);
  return files(group) >= (1 - OTHERS_SHARE) * files(folder);
}

function largestPlaces(root: FileNode): FileNode[] {
  const places = [...root.children].sort((a, b) => b.grownBytes - a.grownBytes);
  const named: FileNode[] = [];
  let left = MIN_SHARE * root.grownBytes;
  for (const place of places.slice(0, MAX_NAMED)) {
    if (left <= 0) break;
    left -= place.grownBytes;
    named.push(...whatGrew(place, true));
  }
  return named;
}
