import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * A service without file I/O, except a log at the wrong level: SpringLog FILE MB_PER_SECOND MAX_MB.
 * Logs at DEBUG to FILE until it is MAX_MB large, then idles. Ends when its standard input ends, so that it does not run longer than its parent.
 */
public class SpringLog {
  public static void main(String[] args) throws Exception {
    final String path = args[0];
    final int bytesPerTick = (int) (Double.parseDouble(args[1]) * 1e6 / 10);
    final long maxBytes = Long.parseLong(args[2]) * 1_000_000;
    endWithParent();
    Random random = new Random(1);
    long written = 0;
    try (FileOutputStream log = new FileOutputStream(path, true)) {
      System.out.println("logging " + path);
      long next = System.nanoTime();
      while (written < maxBytes) {
        StringBuilder lines = new StringBuilder(bytesPerTick + 512);
        while (lines.length() < bytesPerTick) line(lines, random);
        byte[] bytes = lines.toString().getBytes(StandardCharsets.US_ASCII);
        log.write(bytes);
        written += bytes.length;
        next += 100_000_000L;
        long waitMs = (next - System.nanoTime()) / 1_000_000;
        if (waitMs > 0) Thread.sleep(waitMs);
        else next = System.nanoTime(); // a slow machine: no burst to catch up
      }
      System.out.println("full " + written);
      Thread.sleep(Long.MAX_VALUE); // the file stays open, as with a logger
    }
  }

  private static void line(StringBuilder to, Random random) {
    int order = random.nextInt(1_000_000);
    to.append("2020-12-15 03:12:44.").append(100 + random.nextInt(900)).append(" DEBUG 1 --- [nio-8080-exec-").append(1 + random.nextInt(10))
        .append("] o.s.web.servlet.DispatcherServlet        : GET \"/api/orders/").append(order).append("\", parameters={}\n");
  }

  private static void endWithParent() {
    Thread watcher = new Thread(() -> {
      try {
        while (System.in.read() >= 0) {} // only the end of the input matters
      } catch (IOException broken) {
        System.err.println("standard input broke: " + broken.getMessage()); // the parent has ended as well
      }
      Runtime.getRuntime().halt(0);
    });
    watcher.setDaemon(true);
    watcher.start();
  }
}
