import { FolderLock } from '../../src/history/store/folder-lock.ts';

/** Takes the lock of a folder on request, says how that went, and keeps it until it is asked to end. */
const [dir = ''] = process.argv.slice(2);
process.stdin.once('data', () => {
  FolderLock.acquire(dir).then(
    () => process.stdout.write('held\n'),
    (error: Error) => process.stdout.write(`${error.name}\n`),
  );
});
process.stdout.write('ready\n');
