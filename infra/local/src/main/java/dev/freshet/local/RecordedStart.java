package dev.freshet.local;

import dev.freshet.cluster.ClusterOptions;
import dev.freshet.cluster.Ports;
import dev.freshet.local.cli.Commands;
import dev.freshet.local.system.LocalSystem;
import dev.freshet.local.system.Logging;
import dev.freshet.local.system.SystemOptions;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.springframework.util.FileSystemUtils;

/**
 * One start of the sample and some use of it, in a folder of its own, for the JVM to record: run
 * with {@code -XX:AOTCacheOutput}.
 */
final class RecordedStart {

  private static final int ROUNDS = 50;
  private static final int PORT_RANGE = 300;
  private static final int FIRST_PORT = 20_000;
  private static final int LAST_PORT = 60_000;

  private static final String ORDER =
      """
      {"kind":"takeaway","customer":"Ada","items":[{"sku":"margherita","quantity":2}]}\
      """;

  private RecordedStart() {}

  /** Starts, uses, stops, and ends normally, so that the JVM writes its record. */
  public static void main(String[] arguments) throws Exception {
    Path home = Path.of(System.getProperty("freshet.home"));
    Path data = Files.createTempDirectory("freshet-recorded-start-");
    System.setProperty(Logging.FILE, data.resolve("freshet.log").toString());
    Logging.toFile();
    Path sample = home.resolve("infra/restaurant");
    Commands.commandLine(new String[] {"help"}, sample, System::getenv).execute("help");
    int ports = freePorts();
    SystemOptions options =
        new SystemOptions(
            new ClusterOptions(data, 1, 1, ports + 250, false),
            ports,
            false,
            false,
            sample,
            null,
            false,
            Map.of());
    try (LocalSystem system =
        LocalSystem.start(options, sentence -> System.out.println(sentence), () -> false)) {
      use("http://127.0.0.1:" + system.options().gatewayPort());
    } finally {
      FileSystemUtils.deleteRecursively(data);
    }
  }

  private static void use(String gateway) throws Exception {
    try (HttpClient client = HttpClient.newHttpClient()) {
      for (int round = 0; round < ROUNDS; round++) {
        HttpResponse<String> placed =
            client.send(
                HttpRequest.newBuilder(URI.create(gateway + "/orders"))
                    .POST(HttpRequest.BodyPublishers.ofString(ORDER))
                    .build(),
                HttpResponse.BodyHandlers.ofString());
        String token = placed.headers().firstValue("Freshet-Session").orElseThrow();
        String order = placed.headers().firstValue("Location").orElseThrow();
        for (String path : new String[] {order, "/board?limit=5", "/menu", "/sales", "/nothing"}) {
          client.send(
              HttpRequest.newBuilder(URI.create(gateway + path))
                  .header("Freshet-Session", token)
                  .build(),
              HttpResponse.BodyHandlers.ofString());
        }
      }
    }
  }

  /** The first port of a range that looks free; nothing that a person runs by default is in it. */
  private static int freePorts() {
    for (int base = FIRST_PORT; base < LAST_PORT; base += PORT_RANGE) {
      if (Ports.isFree(base) && Ports.isFree(base + 1) && Ports.isFree(base + 250)) {
        return base;
      }
    }
    throw new IllegalStateException("No free ports");
  }
}
