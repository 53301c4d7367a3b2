package dev.freshet.local.system;

import java.io.IOException;
import java.util.Map;
import org.springframework.context.ConfigurableApplicationContext;

/** A part in a JVM of its own, as {@link InProcesses} starts it. */
final class ChildProcess {

  private ChildProcess() {}

  /**
   * Runs a part until it is told to end or its parent is gone.
   *
   * @param arguments kind, id and port; the settings are in the environment
   */
  public static void main(String[] arguments) {
    Logging.toFile();
    PartSpec part =
        new PartSpec(
            PartKind.valueOf(arguments[0]), arguments[1], Integer.parseInt(arguments[2]), Map.of());
    endWithParent();
    ConfigurableApplicationContext context = part.kind().start(part.properties("127.0.0.1"));
    Runtime.getRuntime().addShutdownHook(new Thread(context::close, "stop"));
  }

  private static void endWithParent() {
    Thread.ofPlatform()
        .daemon()
        .name("parent-watch")
        .start(
            () -> {
              try {
                while (System.in.read() >= 0) {
                  // Nothing is ever written to it.
                }
              } catch (IOException e) {
                // The same as its end.
              }
              Runtime.getRuntime().exit(0);
            });
  }
}
