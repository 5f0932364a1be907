import java.io.FileOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/** A small service whose log level is wrong: writes FILE at MB_PER_SECOND, at most MAX_MB, as a logger does that nobody looks at. */
public class Orders {
  public static void main(String[] args) throws Exception {
    String file = System.getenv().getOrDefault("LOG_FILE", "/tmp/spring.log");
    double bytesPerSecond = 1e6 * Double.parseDouble(System.getenv().getOrDefault("LOG_MB_PER_SECOND", "1"));
    long most = 1_000_000L * Long.parseLong(System.getenv().getOrDefault("LOG_MAX_MB", "600"));
    Random random = new Random();
    long written = 0;
    try (FileOutputStream log = new FileOutputStream(file, true)) {
      System.out.println("logging to " + file);
      long began = System.nanoTime();
      while (written < most) {
        long due = Math.min(most, (long) ((System.nanoTime() - began) / 1e9 * bytesPerSecond));
        StringBuilder lines = new StringBuilder();
        // After a stall no burst: what is overdue comes a megabyte at a time, not all of it on the heap.
        while (written + lines.length() < due && lines.length() < 1_000_000)
          lines.append("DEBUG 1 --- [nio-8080-exec-1] o.s.web.servlet.DispatcherServlet : GET \"/api/orders/")
              .append(random.nextInt(1_000_000)).append("\", parameters={}\n");
        byte[] bytes = lines.toString().getBytes(StandardCharsets.US_ASCII);
        log.write(bytes);
        written += bytes.length;
        Thread.sleep(100);
      }
      System.out.println("the log is full");
      Thread.sleep(Long.MAX_VALUE); // the file stays open, as a logger holds it
    }
  }
}
