import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import sun.misc.Unsafe;

/**
 * FreedMemory DIRECT_MB MALLOC_MB: nothing leaks. Direct buffers that nobody uses wait for a collection, and small blocks of malloc are
 * freed, but malloc keeps their pages, since one block behind them is in use.
 */
public class FreedMemory {
  public static void main(String[] args) throws Exception {
    Field field = Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    Unsafe unsafe = (Unsafe) field.get(null);
    for (int i = 0; i < Integer.parseInt(args[0]); i++) {
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      for (int at = 0; at < buffer.capacity(); at += 4096) buffer.put(at, (byte) 1);
    }
    long[] blocks = new long[Integer.parseInt(args[1]) * 1024];
    for (int i = 0; i < blocks.length; i++) {
      blocks[i] = unsafe.allocateMemory(1000);
      unsafe.setMemory(blocks[i], 1000, (byte) 1);
    }
    long inUse = unsafe.allocateMemory(1000);
    for (long block : blocks) unsafe.freeMemory(block);
    System.out.println("ready");
    while (System.in.read() >= 0) {}
    unsafe.freeMemory(inUse);
  }
}
