import java.util.ArrayList;
import java.util.List;

/**
 * A heap that leaks: HeapLeak MB_PER_SECOND TOTAL_MB. Keeps every array, in pieces that no collector treats as humongous.
 */
public class HeapLeak {
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

  static final int PIECE = MB / 16;

  public static void main(String[] args) throws Exception {
    double rate = Double.parseDouble(args[0]);
    int total = Integer.parseInt(args[1]);
    List<byte[]> kept = new ArrayList<>();
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    for (int mb = 1; mb <= total; mb++) {
      for (int i = 0; i < 16; i++) kept.add(new byte[PIECE - 16]); // 16 bytes of header
      System.out.println("allocated " + (long) mb * MB);
      pace(began, mb, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
