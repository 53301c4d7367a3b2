package dev.freshet.local.cli;

import dev.freshet.local.system.Logging;
import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.protocol.PostgresUrl;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.context.ConfigurableApplicationContext;
import picocli.CommandLine.Option;

/** Options of every part that runs alone. */
final class PartMixin {

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      description = "Address to listen on (default: ${DEFAULT-VALUE}).",
      defaultValue = "127.0.0.1")
  private String listen = "127.0.0.1";

  @Option(
      names = "--password-file",
      paramLabel = "FILE",
      description = "File with the password for URLs that hold none; PGPASSFILE works, too.")
  private @Nullable Path passwordFile;

  /** Starts the part and keeps it going until a signal. */
  void run(PartKind kind, int port, Map<String, String> settings) {
    Logging.toConsole();
    Map<String, Object> properties = new HashMap<>(settings);
    properties.put("server.address", address(listen).getHostAddress());
    properties.put("server.port", port);
    UntilStopped.run(() -> start(kind, properties), context -> {});
  }

  private static ConfigurableApplicationContext start(
      PartKind kind, Map<String, Object> properties) {
    try {
      return kind.start(properties);
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof PortInUseException taken) {
          throw new StartFailed(
              "Port %d is taken. Stop what listens there, or name another with --port."
                  .formatted(taken.getPort()),
              e);
        }
      }
      throw e;
    }
  }

  /** An address to listen on. */
  static InetAddress address(String listen) {
    try {
      return InetAddress.getByName(listen);
    } catch (UnknownHostException e) {
      throw new StartFailed("There is no address '%s' to listen on.".formatted(listen), e);
    }
  }

  /** The URL with its password, wherever that is kept. */
  String withPassword(String url) {
    PostgresUrl parsed = PostgresUrl.parse(url);
    boolean urlHoldsOne = url.matches(".*://[^/@]*:[^/@]*@.*") || url.matches(".*[?&]password=.*");
    if (urlHoldsOne || passwordFile == null) {
      return parsed.uriWithPassword();
    }
    try {
      return parsed.withPassword(Files.readString(passwordFile).strip()).uriWithPassword();
    } catch (IOException e) {
      throw new StartFailed("The password file %s can't be read.".formatted(passwordFile), e);
    }
  }
}
