import java.util.concurrent.CountDownLatch;

/**
 * Threads that never end: ThreadLeak THREADS_PER_SECOND TOTAL_THREADS. Prints "threads N", and as allocated the kernel stacks only
 * (16 KiB each on x86-64 and arm64): the touched part of a thread's own stack depends on the JVM, some 60 to 120 KiB.
 */
public class ThreadLeak {
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

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    CountDownLatch never = new CountDownLatch(1);
    for (int n = 1; n <= total; n++) {
      CountDownLatch runs = new CountDownLatch(1);
      Thread thread = new Thread(() -> {
        runs.countDown();
        try {
          never.await();
        } catch (InterruptedException end) {
          Thread.currentThread().interrupt();
        }
      }, "leaked-" + n);
      thread.setDaemon(true);
      thread.start();
      runs.await();
      System.out.println("threads " + n);
      System.out.println("allocated " + (long) n * (16 << 10));
      pace(began, n, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
