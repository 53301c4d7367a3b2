package dev.freshet.local.cli;

import dev.freshet.local.system.Logging;
import picocli.CommandLine.Option;

/** How the log is written. */
final class LogFormat {

  @Option(
      names = "--log-format",
      description = "text or json (default: ${DEFAULT-VALUE}).",
      defaultValue = "text")
  private Logging.Format format = Logging.Format.TEXT;

  Logging.Format format() {
    return format;
  }
}
