import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * glibc arenas from many threads: MallocArenas MB_PER_SECOND TOTAL_MB [THREADS]. Each thread takes blocks of 1 KiB from malloc and keeps them,
 * so glibc gives it a separate arena (up to 8 for each CPU).
 */
public class MallocArenas {
  static final int MB = 1 << 20;

  /** Ends the program when its standard input ends, so that it does not run longer than its parent. */
  static void endWithInput() {
    Thread watcher = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {} // only the end of the input matters
      } catch (java.io.IOException broken) {
        System.err.println("standard input broke: " + broken.getMessage());
      }
      Runtime.getRuntime().halt(0);
    });
    watcher.setDaemon(true);
    watcher.start();
  }

  /** Sleeps until `done` units are due at `perSecond`, so that the rate does not depend on the duration of a step. */
  static void pace(long began, double done, double perSecond) throws InterruptedException {
    long ahead = (long) (done / perSecond * 1000) - (System.nanoTime() - began) / 1000000;
    if (ahead > 0) Thread.sleep(ahead);
  }

  static sun.misc.Unsafe unsafe() throws Exception {
    java.lang.reflect.Field field = sun.misc.Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    return (sun.misc.Unsafe) field.get(null);
  }

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    int threads = args.length > 2 ? Integer.parseInt(args[2]) : 32;
    sun.misc.Unsafe unsafe = unsafe();
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    AtomicLong allocated = new AtomicLong();
    CountDownLatch full = new CountDownLatch(threads);
    CountDownLatch never = new CountDownLatch(1);
    for (int t = 0; t < threads; t++) {
      Thread thread = new Thread(() -> {
        try {
          while (true) {
            double mb = (double) allocated.getAndAdd(MB / 16) / MB;
            if (mb >= total) break;
            for (int i = 0; i < 64; i++) unsafe.setMemory(unsafe.allocateMemory(1008), 1008, (byte) 1); // 16 bytes for malloc itself
            System.out.println("allocated " + Math.min((long) total * MB, (long) (mb * MB) + MB / 16));
            pace(began, mb, rate);
          }
          full.countDown();
          never.await();
        } catch (InterruptedException end) {
          Thread.currentThread().interrupt();
        }
      }, "arena-" + t);
      thread.setDaemon(true);
      thread.start();
    }
    full.await();
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
