import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A heap of a given size, for npm run report:culprits -- --costs: CostCase LIVE_MB. Beside it 100 idle threads and 1000 class loaders. It keeps
 * 1 MB a second more from then on, so that a recording has something to sample. Prints "ready".
 */
public class CostCase {
  static class Order { long a, b, c, d, e, f, g, h, i, j, k, l, m, n; }

  static class Loader extends ClassLoader {
    Class<?> define(byte[] code) {
      return defineClass(null, code, 0, code.length);
    }
  }
  public static class Loaded {}

  static final int ORDER_BYTES = 128;
  static final int ORDERS_PER_MB = (1 << 20) / ORDER_BYTES;
  static final List<Order[]> LIVE = new ArrayList<>();
  static final List<Class<?>> CLASSES = new ArrayList<>();

  static void keepMegabyte() {
    Order[] some = new Order[ORDERS_PER_MB];
    for (int i = 0; i < some.length; i++) some[i] = new Order();
    LIVE.add(some);
  }

  static void idle() {
    try {
      Thread.sleep(Long.MAX_VALUE);
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    }
  }

  public static void main(String[] args) throws Exception {
    for (int mb = Integer.parseInt(args[0]); mb > 0; mb--) keepMegabyte();
    for (int n = 0; n < 100; n++) {
      Thread thread = new Thread(CostCase::idle, "idle-" + n);
      thread.setDaemon(true);
      thread.start();
    }
    try (InputStream in = CostCase.class.getResourceAsStream("/CostCase$Loaded.class")) {
      byte[] code = in.readAllBytes();
      for (int n = 0; n < 1000; n++) CLASSES.add(new Loader().define(code));
    }
    System.out.println("ready");
    while (System.in.available() >= 0) {
      Thread.sleep(1000);
      if (LIVE.size() < Integer.parseInt(args[0]) * 1.1) keepMegabyte();
    }
  }
}
