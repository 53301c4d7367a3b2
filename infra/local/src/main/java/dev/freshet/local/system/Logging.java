package dev.freshet.local.system;

import java.util.logging.LogManager;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Where this JVM's logs go; to be said before anything logs. */
public final class Logging {

  /** Property with the log file's path, for {@code logback.xml}. */
  public static final String FILE = "freshet.log.file";

  private Logging() {}

  /** To the file that {@link #FILE} names: a terminal belongs to the command's own words. */
  public static void toFile() {
    to("file");
  }

  /** To standard output, for parts that run alone under a supervisor. */
  public static void toConsole() {
    to("console");
  }

  private static void to(String appender) {
    System.setProperty("freshet.log.to", appender);
    // Several Spring contexts share the JVM; none of them is to set up logging anew.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    LogManager.getLogManager().reset();
    SLF4JBridgeHandler.install();
  }
}
