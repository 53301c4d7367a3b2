package dev.freshet.gateway;

import java.nio.file.Path;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** A gateway in a JVM of its own, for tests that limit its memory. */
public final class SmallGateway {

  private SmallGateway() {}

  /**
   * Runs until its input ends; then it looks for leaks.
   *
   * @param arguments the folder that holds routes.yaml
   */
  public static void main(String[] arguments) throws Exception {
    Path folder = Path.of(arguments[0]);
    LeakCheck.watch();
    try (ConfigurableApplicationContext gateway =
        TestGateway.start(folder, Map.of("data", folder.toString(), "timeout", "60s"))) {
      System.out.println("port=" + gateway.getEnvironment().getProperty("local.server.port"));
      while (System.in.read() >= 0) {
        // Nothing is said to it.
      }
    }
    LeakCheck.check();
    System.out.println("clean");
  }
}
