import type { CulpritCause } from '../../src/culprit/types.ts';
import type { ServiceCase } from './service-cases.ts';

const mixed = (
  cause: CulpritCause,
  shape: string,
  what: string,
  name: RegExp | null,
  more: Pick<ServiceCase, 'holder' | 'method'> = {},
): ServiceCase => ({ main: 'MixedCase', cause, shape, what, name, ...more });

const OF_RUN = /^\/bin\//;
const PEER = /:\d+$/;

/** What should be named was written down before the first run of each. */
export const MIXED_CASES: readonly ServiceCase[] = [
  mixed('heap', 'customers', 'a map of customers with addresses, of which no class has half', /String|byte\[\]/, {
    holder: /\$Customers\.BY_NAME$/,
  }),
  mixed('heap', 'index', 'an index of words, of which no class has half', /./, { holder: /\$Index\.WORDS$/ }),
  mixed('heap', 'sessions-expire', 'decoy: sessions that live three seconds', null),
  mixed('heap', 'three-lists', 'decoy: three lists that grow alike', null),
  mixed('threads', 'named-by-city', 'threads of different names beside a pool that breathes', /MixedCase\$Sync\.follow/),
  mixed('threads', 'four-places', 'decoy: threads of different names in four places', null),
  mixed('threads', 'idle-executors', 'decoy: idle executors of six names', null),
  mixed('metaspace', 'plugin-in-thread-local', 'plugins in a ThreadLocal', /\$PluginLoader$/, { holder: /ThreadLocal/ }),
  mixed('metaspace', 'plugin-context', 'plugins whose threads run on', /\$PluginLoader$/),
  mixed('metaspace', 'warm-up', 'decoy: plugins that are loaded for two seconds', null),
  mixed('native', 'slices', 'direct buffers in slices beside Deflaters that come and go', /^direct buffers \(java\.nio\)$/),
  mixed('native', 'dropped-buffers', 'decoy: direct buffers that wait for a collection', null),
  mixed('page-cache', 'journal', 'a journal beside a larger file that is read', /\/journal\.log$/, {
    method: 'MixedCase$Journal.append',
  }),
  mixed('page-cache', 'another-process', 'decoy: a file that another process writes beside a small log', null),
  mixed('sock', 'push', 'a connection beside two that get little', PEER, { method: 'MixedCase$Wire.push' }),
  mixed('sock', 'pull', 'a connection from which much is read', PEER, { method: 'MixedCase$Wire.pull' }),
  mixed('sock', 'short-connections', 'a connection for each request', PEER, { method: 'MixedCase$Wire.push' }),
  mixed('sock', 'http', 'uploads by HTTP', /./, { method: 'MixedCase$Upload.post' }),
  mixed('sock', 'served-clients', 'a page for each of many clients', /^localhost \(\d+ ports\)$/, {
    method: 'MixedCase$Wire.push',
  }),
  mixed('sock', 'three-peers', 'decoy: three connections alike', null),
  mixed('sock', 'idle-peers', 'decoy: connections that are silent', null),
  mixed('sock', 'files-only', 'decoy: a log beside a connection that is silent', null),
  mixed('process', 'exec', 'a program by Runtime.exec', /^\/bin\/true$/, { method: 'MixedCase$Tool.exec' }),
  mixed('process', 'scheduled', 'a program each fifth of a second, beside another', /^\/bin\/ls$/, {
    method: 'MixedCase$Tool.start',
  }),
  mixed('process', 'stays', 'programs that run on', /^\/bin\/sleep$/, { method: 'MixedCase$Tool.leave' }),
  mixed('process', 'from-threads', 'a program by a thread for each', OF_RUN, { method: 'MixedCase$Tool.start' }),
  mixed('process', 'three-programs', 'decoy: three programs alike', null),
  mixed('process', 'started-before', 'decoy: a program that was started before', null),
  mixed('process', 'threads-only', 'decoy: threads that come and go', null),
  mixed('descriptors', 'open-unread', 'a file that is opened again and again and never read', /\/status$/),
  mixed('descriptors', 'open-read', 'files that are read a little and left open', /\/data-N\.csv$/, {
    method: 'MixedCase$Reader.first',
  }),
  mixed('descriptors', 'open-deleted', 'deleted files that are left open', /upload/),
  mixed('descriptors', 'client-sockets', 'connections that the other side has closed', /TCP.*:\d+/),
  mixed('descriptors', 'accepted-sockets', 'connections that were accepted', /TCP.*\d+/),
  mixed('descriptors', 'selectors', 'selectors', /event|pipe/),
  mixed('descriptors', 'random-names', 'files of random names in a folder', /^files of /),
  mixed(
    'descriptors',
    'leak-beside-open',
    'a file opened again and again, beside many open ones and some that come and go',
    /\/status$/,
  ),
  mixed('descriptors', 'open-stable', 'decoy: many open files', null),
  mixed('descriptors', 'open-breathing', 'decoy: files that are opened and closed', null),
  mixed('descriptors', 'open-filling', 'decoy: files that are opened for five seconds', null),
  mixed('descriptors', 'three-kinds', 'decoy: three kinds that grow alike', null),
];
