import java.io.File;

/**
 * Look-ups of names that do not exist: DentryGrowth MB_PER_SECOND TOTAL_MB FOLDER. Each leaves a negative dentry of 192 bytes
 * (x86-64; names this short need no extra memory). Not on a tmpfs, which keeps no negative dentries.
 */
public class DentryGrowth {
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

  static final int PER_MB = MB / 192;

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    for (int mb = 1; mb <= total; mb++) {
      for (int i = 0; i < PER_MB; i++) new File(args[2], "no" + Integer.toString(mb * PER_MB + i, 36)).exists();
      System.out.println("allocated " + (long) mb * PER_MB * 192);
      pace(began, mb, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
