package dev.freshet.local.system;

import java.util.logging.LogManager;
import org.slf4j.bridge.SLF4JBridgeHandler;

/** Where this JVM's logs go; to be said before anything logs. */
public final class Logging {

  /** Property with the log file's path, for {@code logback.xml}. */
  public static final String FILE = "freshet.log.file";

  /** How a line of the log is written. */
  public enum Format {
    TEXT,
    /** One object a line, in the fields of the Elastic Common Schema. */
    JSON
  }

  /** Names the format to child processes. */
  static final String FORMAT = "freshet.log.format";

  private Logging() {}

  /** To the file that {@link #FILE} names: a terminal belongs to the command's own words. */
  public static void toFile(Format format) {
    to("file", format);
  }

  /** To the file that {@link #FILE} names, in the format that {@link #FORMAT} does. */
  public static void toFile() {
    toFile(Format.valueOf(System.getProperty(FORMAT, Format.TEXT.name())));
  }

  /** To standard output, for parts that run alone under a supervisor. */
  public static void toConsole(Format format) {
    to("console", format);
  }

  private static void to(String appender, Format format) {
    System.setProperty(FORMAT, format.name());
    System.setProperty(
        "freshet.log.to",
        switch (format) {
          case TEXT -> appender;
          case JSON -> appender + "-json";
        });
    // Several Spring contexts share the JVM; none of them is to set up logging again.
    System.setProperty("org.springframework.boot.logging.LoggingSystem", "none");
    LogManager.getLogManager().reset();
    SLF4JBridgeHandler.install();
  }
}
