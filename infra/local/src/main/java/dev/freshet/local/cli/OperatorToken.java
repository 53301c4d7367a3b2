package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.runtime.OperatorGate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The token by which operators are known beyond loopback. */
final class OperatorToken {

  @Option(
      names = "--operator-token-file",
      paramLabel = "FILE",
      description = {
        "File with the token that operators' endpoints ask for; beyond loopback they have to.",
        "FRESHET_OPERATOR_TOKEN may hold the token itself."
      })
  private @Nullable Path file;

  /** Empty where there is none. */
  String text() {
    if (file == null) {
      return Objects.requireNonNullElse(System.getenv(OperatorGate.TOKEN_VARIABLE), "").strip();
    }
    try {
      return Files.readString(file).strip();
    } catch (IOException e) {
      throw new StartFailed("The operators' token in %s can't be read.".formatted(file), e);
    }
  }
}
