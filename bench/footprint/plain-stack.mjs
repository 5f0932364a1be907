// The plain stack that memhound is compared with: express, ws, node-cron and lowdb's JSONFilePreset, one memory.stat a tick, no
// verdict, no JVM, no files. Bundled and minified by the bench like memhound itself. Arguments: data file, seconds a tick, memory.stat.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import express from 'express';
import { JSONFilePreset } from 'lowdb/node';
import cron from 'node-cron';
import { WebSocketServer } from 'ws';

const [file, every, stat] = process.argv.slice(2);
const db = await JSONFilePreset(file, { samples: [] });
const app = express();
app.get('/api/samples', (_request, response) => response.json(db.data.samples));
const server = createServer(app);
const live = new WebSocketServer({ server });

async function tick() {
  const values = Object.fromEntries(
    readFileSync(stat, 'utf8')
      .trim()
      .split('\n')
      .map((line) => {
        const [name, value] = line.split(' ');
        return [name, Number(value)];
      }),
  );
  const sample = { t: Date.now(), values };
  db.data.samples.push(sample);
  await db.write();
  for (const client of live.clients) client.send(JSON.stringify(sample));
}

await tick();
cron.schedule(Number(every) === 1 ? '* * * * * *' : `*/${every} * * * * *`, () => void tick());
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}` })));
