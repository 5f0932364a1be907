// Drives the real store at full speed until it is killed: prints what it loaded, then each row once it is saved. With "once" it only
// loads. Usage: store-child DIR [once]
import { writeSync } from 'node:fs';
import { openStore } from '../../src/history/store/store.ts';

const EVERY_S = 60;
const log = { warn: (details: object, message: string) => void writeSync(1, `warn ${message} ${JSON.stringify(details)}\n`) };
const store = await openStore({ dir: process.argv[2]!, maxDiskBytes: 8 << 20, everyS: EVERY_S, log });
const history = await store.load('jvm');
const { t, fields } = history.series({ fields: ['usage'], fromS: null, toS: null, points: null, epoch: 'all' });
for (const [i, at] of t.entries()) if (i > 0 && at <= t[i - 1]!) writeSync(1, `disorder ${at}\n`);
for (const [i, at] of t.entries()) if (Number.isNaN(fields.get('usage')![i]!)) writeSync(1, `gap ${at}\n`);
writeSync(1, `loaded ${history.lastS ?? 0} ${t.length}\n`);
for (
  let s = process.argv[3] === 'once' ? Number.POSITIVE_INFINITY : (history.lastS ?? 0) + EVERY_S;
  Number.isFinite(s);
  s += EVERY_S
) {
  const values = { usage: s, anon: 2 * s, heap_used: s % 600 };
  history.append({ atMs: s * 1000, epoch: 'a', values, limitBytes: 1e9, heapMaxBytes: 'max', failures: [] });
  await store.save('jvm');
  writeSync(1, `saved ${s}.\n`); // the full stop marks the end of the number for a reader that searches the text
}
