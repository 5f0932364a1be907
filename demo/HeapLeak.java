import java.util.ArrayList;
import java.util.List;

/**
 * A service whose heap leaks: HeapLeak MB_PER_SECOND. Keeps that much for ever, makes some ten times as much garbage beside it, as services
 * do, so that collections happen and the floor after them rises. Ends when its standard input ends.
 */
public class HeapLeak {
  private static final List<byte[]> KEPT = new ArrayList<>();
  private static volatile byte[] garbage; // volatile: so that the allocation is not optimised away

  public static void main(String[] args) throws Exception {
    int keptPerTick = (int) (Double.parseDouble(args[0]) * 1e6 / 20);
    Thread leaking = new Thread(() -> leak(keptPerTick));
    leaking.setDaemon(true);
    leaking.start();
    System.out.println("leaking");
    while (System.in.read() >= 0) {} // only the end matters
  }

  private static void leak(int keptPerTick) {
    try {
      for (; ; ) {
        for (int kept = 0; kept < keptPerTick; kept += 8192) KEPT.add(new byte[8192]);
        for (int made = 0; made < 10 * keptPerTick; made += 8192) garbage = new byte[8192];
        Thread.sleep(50);
      }
    } catch (InterruptedException end) {
      Thread.currentThread().interrupt();
    } catch (OutOfMemoryError full) {
      System.out.println("OutOfMemoryError"); // stays up, full, as many services do
    }
  }
}
