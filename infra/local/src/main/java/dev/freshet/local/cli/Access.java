package dev.freshet.local.cli;

import picocli.CommandLine.Option;

/** Whether each request is written down. */
final class Access {

  @Option(
      names = "--access-log",
      description =
          "Writes a line for each request to the log: route, intent, source, status, times.")
  private boolean logged;

  boolean isLogged() {
    return logged;
  }
}
