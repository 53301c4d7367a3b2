package dev.freshet.local.system;

import com.sun.management.HotSpotDiagnosticMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What all threads of this JVM do, virtual ones too: for whoever asks why nothing goes on. */
final class ThreadDump {

  private static final Logger log = LoggerFactory.getLogger(ThreadDump.class);

  private ThreadDump() {}

  /** Writes it into a file, in place of an earlier one. */
  static void to(Path file) {
    try {
      Files.deleteIfExists(file);
      ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
          .dumpThreads(
              file.toAbsolutePath().toString(),
              HotSpotDiagnosticMXBean.ThreadDumpFormat.TEXT_PLAIN);
    } catch (IOException e) {
      log.warn("The threads can't be written to {}", file, e);
    }
  }
}
