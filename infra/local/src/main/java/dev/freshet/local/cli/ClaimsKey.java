package dev.freshet.local.cli;

import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The keys that gateway and backends share. */
final class ClaimsKey {

  @Option(
      names = "--claims-key",
      paramLabel = "FILE",
      description =
          "Keys that gateway and backends share, one a line as ID:BASE64; the first signs what the gateway verified of a client.")
  private @Nullable Path file;

  void putInto(Map<String, String> settings, String name) {
    if (file != null) {
      settings.put(name, file.toString());
    }
  }
}
