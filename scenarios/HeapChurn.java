import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A heap like that of a service: HeapChurn LIVE_MB CHURN_KB_S GARBAGE_KB_S LEAK_KB_S. Live objects are replaced piece by piece, so that the old
 * generation fills with dead objects. LEAK_KB_S of live objects are never released; 0: none.
 */
public class HeapChurn {
  static final int PIECE = 4000;
  static final double STEP_S = 0.05;
  static final List<byte[]> kept = new ArrayList<>();
  static volatile byte[] garbage;

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

  /** Pieces that are due since the last step at this rate; the remainder is due later. */
  static final class Pace {
    private final double perStep;
    private double due;

    Pace(String kbPerSecond) {
      perStep = Integer.parseInt(kbPerSecond) * 1024.0 * STEP_S / PIECE;
    }

    int pieces() {
      due += perStep;
      int now = (int) due;
      due -= now;
      return now;
    }
  }

  public static void main(String[] args) throws InterruptedException {
    endWithInput();
    byte[][] live = new byte[(int) (Integer.parseInt(args[0]) * 1024L * 1024 / PIECE)][];
    for (int i = 0; i < live.length; i++) live[i] = new byte[PIECE];
    Pace churn = new Pace(args[1]);
    Pace shortLived = new Pace(args[2]);
    Pace leak = new Pace(args[3]);
    Random random = new Random(7);
    System.out.println("ready");
    while (true) {
      Thread.sleep((long) (STEP_S * 1000));
      for (int i = churn.pieces(); i > 0; i--) live[random.nextInt(live.length)] = new byte[PIECE];
      for (int i = leak.pieces(); i > 0; i--) kept.add(new byte[PIECE]);
      for (int i = shortLived.pieces(); i > 0; i--) garbage = new byte[PIECE];
    }
  }
}
