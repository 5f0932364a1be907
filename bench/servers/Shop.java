import jakarta.servlet.ServletContextEvent;
import jakarta.servlet.ServletContextListener;
import java.util.HashMap;
import java.util.Map;

/**
 * A web application that starts a thread. It ends it only with the context parameter "ends", so that else each deployment stays in memory. For
 * npm run report:culprits -- --servers.
 */
public class Shop implements ServletContextListener {
  private final Thread thread = new Thread(new Prices(), "shop-prices");

  @Override
  public void contextInitialized(ServletContextEvent event) {
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void contextDestroyed(ServletContextEvent event) {
    if (event.getServletContext().getInitParameter("ends") != null) thread.interrupt();
  }

  static class Prices implements Runnable {
    private final Map<String, Price> prices = new HashMap<>();

    @Override
    public void run() {
      do {
        for (int n = 0; n < 100; n++) prices.put("article " + n, new Price(n));
      } while (waitForNews());
    }

    private boolean waitForNews() {
      try {
        Thread.sleep(60_000);
        return true;
      } catch (InterruptedException ended) {
        return false;
      }
    }
  }

  static class Price {
    final long cents;

    Price(long cents) {
      this.cents = cents;
    }
  }
}
