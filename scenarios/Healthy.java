import java.util.ArrayList;
import java.util.List;

/**
 * A healthy service: Healthy LIVE_MB MB_PER_SECOND. Keeps a bounded live set and makes garbage at a steady rate.
 * Prints "ready" once the live set is complete, and ends when its standard input ends.
 */
public class Healthy {
  static volatile byte[] sink;

  public static void main(String[] args) throws Exception {
    int liveMb = Integer.parseInt(args[0]);
    int rateMb = Integer.parseInt(args[1]);
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
    List<byte[]> live = new ArrayList<>();
    for (int i = 0; i < liveMb * 16; i++) live.add(new byte[64 << 10]);
    System.out.println("ready");
    for (int n = 0; ; n++) {
      for (int i = 0; i < rateMb; i++) sink = new byte[100 << 10];
      live.set(n % live.size(), new byte[64 << 10]);
      Thread.sleep(100);
    }
  }
}
