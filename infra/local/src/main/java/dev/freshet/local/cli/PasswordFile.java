package dev.freshet.local.cli;

import dev.freshet.local.system.StartFailed;
import dev.freshet.postgres.PostgresUrl;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The password of a database that a command's own options name. */
final class PasswordFile {

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password for URLs that hold none; PGPASSFILE works, too.")
  private @Nullable Path file;

  boolean isGiven() {
    return file != null;
  }

  /** The URL with its password, wherever that is kept. */
  String withPassword(String url) {
    PostgresUrl parsed = PostgresUrl.parse(url);
    boolean urlHoldsOne = url.matches(".*://[^/@]*:[^/@]*@.*") || url.matches(".*[?&]password=.*");
    if (urlHoldsOne || file == null) {
      return parsed.uriWithPassword();
    }
    try {
      return parsed.withPassword(Files.readString(file).strip()).uriWithPassword();
    } catch (IOException e) {
      throw new StartFailed("The password file %s can't be read.".formatted(file), e);
    }
  }
}
