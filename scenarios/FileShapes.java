import java.io.File;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Files as servers, brokers and databases keep them: FileShapes SHAPE FOLDER MB_PER_SECOND TOTAL_MB.
 * broker: segments of three partitions, each with a mapped index of fixed length; retention removes all but the newest TOTAL_MB.
 * zipped: a log of bytes that do not compress, renamed at every 16 MB and then packed into a file of its own, as logback does.
 * thumbnails: files of 20 kB in 256 folders, each closed at once. objects: files of 8 kB, all in one folder. sessions: a folder for each file of 8 kB.
 * rolled: a log that is renamed at every 8 MB and never removed.
 * uploads: temporary files of some MB, removed when they are opened, never closed. ring: four files of 8 MB, written in turn for ever.
 * journal: one file of TOTAL_MB that is allocated at once and then filled. mapped: the same through a mapping, without descriptors.
 * mapped-deleted: the same, and the file is removed while it is mapped. tree: tables of a store, merged into larger ones which replace them.
 * wal: a store of one file beside a log that is emptied at every 16 MB. dated: files of 1 MB, each in a folder of its day, closed at once.
 * bursts: one file to which nothing is written for 17 seconds, and then all that is due in three.
 * replaced: a state file that is written anew every two seconds, larger each time, and renamed over the old one. snapshot: the same, written under
 * another ending. log-and-heap: a log, and a heap that fills a third as fast beside it. locks: empty files under random names; each takes 1 KiB of
 * kernel memory. blobs: files of 40 to 440 kB under random names, scattered over 2,000 folders. sources: checkouts of
 * 100 files of 4 to 20 kB, three in a folder, the folders five deep. watched: folders, each watched by one WatchService; each takes 5 KiB of page cache and kernel memory.
 */
public class FileShapes {
  private static final byte[] PART = new byte[64 * 1024];
  private static final List<Object> KEPT = new ArrayList<>();
  private static long began;
  private static long written;
  private static double rate;
  private static File folder;
  private static int total;

  public static void main(String[] args) throws Exception {
    java.util.Arrays.fill(PART, (byte) 7);
    folder = new File(args[1]);
    rate = Double.parseDouble(args[2]);
    total = Integer.parseInt(args[3]);
    folder.mkdirs();
    System.out.println("ready");
    began = System.nanoTime();
    switch (args[0]) {
      case "broker": broker(); break;
      case "thumbnails": thumbnails(); break;
      case "objects": objects(false); break;
      case "sessions": objects(true); break;
      case "rolled": rolled(); break;
      case "zipped": zipped(); break;
      case "uploads": uploads(); break;
      case "ring": ring(); break;
      case "journal": journal(); break;
      case "mapped": mapped(false); break;
      case "mapped-deleted": mapped(true); break;
      case "tree": tree(); break;
      case "wal": wal(); break;
      case "dated": dated(); break;
      case "replaced": replaced("state.json", "state.json.tmp"); break;
      case "snapshot": replaced("snapshot.db", "snapshot.tmp"); break;
      case "bursts": bursts(); break;
      case "log-and-heap": logAndHeap(); break;
      case "blobs": blobs(); break;
      case "sources": sources(); break;
      case "locks": locks(); break;
      case "watched": watched(); break;
      default: throw new IllegalArgumentException(args[0]);
    }
    System.out.println("done");
    System.in.read();
  }

  private static boolean more() {
    return written < total * 1048576L;
  }

  /** Counts bytes that were written, and waits until the rate allows the next. */
  private static void pace(long bytes) throws InterruptedException {
    long before = written >> 20;
    written += bytes;
    if (written >> 20 >= before + 1 && (written >> 20) % 10 == 0) System.out.println("wrote " + (written >> 20) + " MB");
    long ahead = (long) (written / 1048576.0 / rate * 1000) - (System.nanoTime() - began) / 1000000;
    if (ahead > 0) Thread.sleep(ahead);
  }

  private static void fill(RandomAccessFile out, long bytes) throws Exception {
    for (long at = 0; at < bytes; at += PART.length) {
      out.write(PART);
      pace(PART.length);
    }
  }

  private static void broker() throws Exception {
    Deque<File> segments = new ArrayDeque<>();
    for (long offset = 0; ; offset += 8 << 20) {
      List<RandomAccessFile> logs = new ArrayList<>();
      List<MappedByteBuffer> indexes = new ArrayList<>();
      for (int p = 0; p < 3; p++) {
        File partition = new File(folder, "orders-" + p);
        partition.mkdirs();
        File log = new File(partition, String.format("%020d.log", offset));
        logs.add(new RandomAccessFile(log, "rw"));
        RandomAccessFile index = new RandomAccessFile(new File(partition, String.format("%020d.index", offset)), "rw");
        index.setLength(1 << 20);
        indexes.add(index.getChannel().map(FileChannel.MapMode.READ_WRITE, 0, 1 << 20));
        index.close();
        segments.add(log);
      }
      KEPT.add(logs);
      KEPT.add(indexes);
      for (int part = 0; part < 128; part++)
        for (int p = 0; p < 3; p++) {
          logs.get(p).write(PART);
          indexes.get(p).putLong(part * 8, offset + part);
          pace(PART.length);
        }
      while (segments.size() * 8 > total) {
        File oldest = segments.poll();
        oldest.delete();
        new File(oldest.getPath().replace(".log", ".index")).delete();
        for (RandomAccessFile log : (List<RandomAccessFile>) KEPT.remove(0)) log.close();
        KEPT.remove(0);
        for (int p = 1; p < 3; p++) {
          File next = segments.poll();
          next.delete();
          new File(next.getPath().replace(".log", ".index")).delete();
        }
      }
    }
  }

  private static void thumbnails() throws Exception {
    for (int i = 0; more(); i++) {
      File below = new File(folder, String.format("%02x", (i * 37) & 255));
      below.mkdirs();
      try (RandomAccessFile out = new RandomAccessFile(new File(below, String.format("%08x.jpg", i * 2654435761L & 0xffffffffL)), "rw")) {
        out.write(PART, 0, 20000);
      }
      pace(20000);
    }
  }

  private static void objects(boolean folders) throws Exception {
    byte[] object = new byte[8192];
    for (int i = 0; more(); i++) {
      File in = folders ? new File(folder, "session-" + i) : folder;
      in.mkdirs();
      Files.write(new File(in, java.util.UUID.randomUUID() + ".bin").toPath(), object);
      pace(object.length);
    }
  }

  private static void blobs() throws Exception {
    for (int i = 0; more(); i++) {
      File in = new File(folder, "content/vol-" + i % 43 + "/chap-" + i % 47);
      in.mkdirs();
      try (RandomAccessFile out = new RandomAccessFile(new File(in, java.util.UUID.randomUUID() + ".bytes"), "rw")) {
        fill(out, 40_000 + i * 104_729L % 400_000);
      }
    }
  }

  private static void sources() throws Exception {
    for (int i = 0; more(); i++) {
      File in = new File(folder, "job-" + i / 100 % 5 + "/branch-" + i / 500 + "/module-" + i / 10 % 10 + "/src/main/java/p" + i % 10 / 3);
      in.mkdirs();
      try (RandomAccessFile out = new RandomAccessFile(new File(in, "Class" + i + ".java"), "rw")) {
        fill(out, 4_000 + i * 7919L % 16_000);
      }
    }
  }

  private static void locks() throws Exception {
    for (int i = 0; more(); i++) {
      File in = new File(folder, "locks-" + i / 1000);
      if (i % 1000 == 0) in.mkdirs();
      new File(in, java.util.UUID.randomUUID() + ".lck").createNewFile();
      pace(1024);
    }
  }

  private static void watched() throws Exception {
    java.nio.file.WatchService watcher = folder.toPath().getFileSystem().newWatchService();
    for (int i = 0; more(); i++) {
      Path in = new File(folder, "project-" + i / 100 + "/module-" + i).toPath();
      Files.createDirectories(in);
      in.register(watcher, java.nio.file.StandardWatchEventKinds.ENTRY_CREATE);
      pace(5 * 1024);
    }
  }

  private static void rolled() throws Exception {
    File log = new File(folder, "access.log");
    for (int n = 0; more(); n++) {
      try (RandomAccessFile out = new RandomAccessFile(log, "rw")) {
        fill(out, 8 << 20);
      }
      log.renameTo(new File(folder, String.format("access.2026-11-%02d.%d.log", 1 + n / 24, n % 24)));
    }
  }

  private static void zipped() throws Exception {
    new java.util.Random(1).nextBytes(PART);
    File log = new File(folder, "access.log");
    for (int n = 0; more(); n++) {
      try (RandomAccessFile out = new RandomAccessFile(log, "rw")) {
        fill(out, 16 << 20);
      }
      File old = new File(folder, "access." + n + ".log");
      log.renameTo(old);
      new Thread(() -> pack(old)).start();
    }
  }

  private static void pack(File old) {
    try (java.io.OutputStream out = new java.util.zip.GZIPOutputStream(Files.newOutputStream(Path.of(old + ".gz")))) {
      Files.copy(old.toPath(), out);
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    old.delete();
  }

  private static void uploads() throws Exception {
    for (int n = 0; more(); n++) {
      Path file = Files.createTempFile(folder.toPath(), "undertow", "upload");
      RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw");
      Files.delete(file);
      KEPT.add(out);
      fill(out, (1 + n % 5) * 700_000L);
    }
  }

  private static void ring() throws Exception {
    for (int n = 0; ; n = (n + 1) % 4)
      try (RandomAccessFile out = new RandomAccessFile(new File(folder, "trace." + n + ".bin"), "rw")) {
        out.setLength(0);
        fill(out, 8 << 20);
      }
  }

  private static void journal() throws Exception {
    RandomAccessFile out = new RandomAccessFile(new File(folder, "journal.dat"), "rw");
    KEPT.add(out);
    new ProcessBuilder("fallocate", "-l", total + "M", new File(folder, "journal.dat").getPath()).inheritIO().start().waitFor();
    fill(out, total * 1048576L);
  }

  private static void mapped(boolean deleted) throws Exception {
    File file = new File(folder, "store.map");
    MappedByteBuffer map;
    try (FileChannel channel = FileChannel.open(file.toPath(), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      map = channel.map(FileChannel.MapMode.READ_WRITE, 0, total * 1048576L);
    }
    if (deleted) file.delete();
    KEPT.add(map);
    while (more()) {
      map.put(PART);
      pace(PART.length);
    }
  }

  private static void tree() throws Exception {
    List<File> small = new ArrayList<>();
    for (int n = 1; more(); n++) {
      File table = new File(folder, String.format("%06d.sst", n));
      try (RandomAccessFile out = new RandomAccessFile(table, "rw")) {
        fill(out, 2 << 20);
      }
      small.add(table);
      if (small.size() < 6) continue;
      File merged = new File(folder, String.format("%06d.sst", ++n));
      try (FileChannel to = FileChannel.open(merged.toPath(), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        for (File one : small)
          try (FileChannel from = FileChannel.open(one.toPath())) {
            ByteBuffer all = ByteBuffer.allocate(2 << 20);
            while (from.read(all) > 0) continue;
            all.flip();
            to.write(all);
          }
      }
      for (File one : small) one.delete();
      small.clear();
    }
  }

  private static void wal() throws Exception {
    RandomAccessFile store = new RandomAccessFile(new File(folder, "app.db"), "rw");
    RandomAccessFile log = new RandomAccessFile(new File(folder, "app.db-wal"), "rw");
    KEPT.add(store);
    while (more()) {
      fill(log, 16 << 20);
      for (int i = 0; i < 256; i++) store.write(PART);
      log.setLength(0);
      log.seek(0);
    }
  }

  private static void dated() throws Exception {
    for (int n = 0; more(); n++) {
      File day = new File(folder, String.format("2026/%02d/%02d", 1 + n / 28 % 12, 1 + n % 28));
      day.mkdirs();
      try (RandomAccessFile out = new RandomAccessFile(new File(day, "audit-" + n + ".json"), "rw")) {
        fill(out, 1 << 20);
      }
    }
  }

  private static void replaced(String name, String written) throws Exception {
    File state = new File(folder, name);
    for (int n = 1; n * 2 * rate < total; n++) {
      File next = new File(folder, written);
      try (RandomAccessFile out = new RandomAccessFile(next, "rw")) {
        for (double mb = 0; mb < n * 2 * rate; mb += 1.0 / 16) out.write(PART);
      }
      next.renameTo(state);
      Thread.sleep(2000);
    }
  }

  private static void bursts() throws Exception {
    RandomAccessFile out = new RandomAccessFile(new File(folder, "spill.bin"), "rw");
    double burst = 20 * rate;
    for (int n = 0; n * burst < total; n++) {
      for (int part = 0; part < burst * 16; part++) {
        out.write(PART);
        Thread.sleep((long) (3000 / (burst * 16)));
      }
      Thread.sleep(17000);
    }
  }

  private static void logAndHeap() throws Exception {
    RandomAccessFile log = new RandomAccessFile(new File(folder, "app.log"), "rw");
    while (more()) {
      log.write(PART);
      KEPT.add(new byte[PART.length / 3]);
      for (int i = 0; i < 4; i++) if (new byte[PART.length].length == 0) return;
      pace(PART.length);
    }
  }
}
