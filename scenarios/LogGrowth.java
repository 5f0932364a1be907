import java.io.FileOutputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;

/**
 * A service that logs at DEBUG: LogGrowth MB_PER_SECOND TOTAL_MB FILE. Appends whole lines; the caller removes the file.
 */
public class LogGrowth {
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
    byte[] line = (String.format("%-1023s", "2026-01-01 00:00:00.000 DEBUG 1 --- [nio-8080-exec-1] o.s.w.s.m.m.a.RequestMappingHandlerMapping : Mapped to") + "\n")
        .getBytes(StandardCharsets.US_ASCII);
    OutputStream log = new FileOutputStream(args[2], true);
    endWithInput();
    System.out.println("ready");
    long began = System.nanoTime();
    for (int mb = 1; mb <= total; mb++) {
      for (int i = 0; i < MB / line.length; i++) log.write(line);
      System.out.println("allocated " + (long) mb * MB);
      pace(began, mb, rate);
    }
    System.out.println("done");
    Thread.sleep(Long.MAX_VALUE);
  }
}
