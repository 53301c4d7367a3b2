package dev.freshet.bench.gateway;

import dev.freshet.bench.http.HttpCalls;
import dev.freshet.bench.process.JavaCommand;
import dev.freshet.bench.process.ProcessUse;
import dev.freshet.bench.process.ProjectHome;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/** A proxy in a process of its own, in front of the {@link Origin}. */
final class Proxy implements AutoCloseable {

  private static final Duration START_TIMEOUT = Duration.ofMinutes(1);
  private static final List<String> JVM = List.of("-XX:+UseParallelGC", "-Xms128m", "-Xmx768m");
  private static final int WORKERS = 2;

  private final Kind kind;
  private final int port;
  private final Process process;
  private final double secondsToFirstAnswer;

  /** Which proxy. */
  enum Kind {
    FRESHET("Freshet, as the sample has it"),
    SPRING_CLOUD_GATEWAY("Spring Cloud Gateway, plain"),
    REACTOR_NETTY("Reactor Netty, bare"),
    NGINX("NGINX"),
    HAPROXY("HAProxy");

    private final String title;

    Kind(String title) {
      this.title = title;
    }

    String title() {
      return title;
    }

    /** The program that has to be installed; empty for what comes along. */
    private String program() {
      return switch (this) {
        case FRESHET, SPRING_CLOUD_GATEWAY, REACTOR_NETTY -> "";
        case NGINX -> "nginx";
        case HAPROXY -> "haproxy";
      };
    }

    boolean isInstalled() {
      return program().isEmpty()
          || Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
              .anyMatch(folder -> Files.isExecutable(Path.of(folder, program())));
    }
  }

  private Proxy(Kind kind, int port, Process process, double secondsToFirstAnswer) {
    this.kind = kind;
    this.port = port;
    this.process = process;
    this.secondsToFirstAnswer = secondsToFirstAnswer;
  }

  /**
   * What Freshet has besides the sample's routes, as YAML.
   *
   * @param routes before them
   * @param pools beside those of the origins
   * @param options of its command, besides those that it has always
   * @param environment variables of its process, besides this one's own
   */
  record More(String routes, String pools, List<String> options, Map<String, String> environment) {

    static final More NOTHING = new More("", "");

    More(String routes, String pools) {
      this(routes, pools, List.of());
    }

    More(String routes, String pools, List<String> options) {
      this(routes, pools, options, Map.of());
    }

    static More ofEnvironment(Map<String, String> variables) {
      return new More("", "", List.of(), variables);
    }
  }

  /**
   * Starts one and waits for its first answer.
   *
   * @param folder for its configuration and its output
   * @param port its own; the one after it is taken, too
   * @param origins ports of what stands behind it
   * @param more what Freshet has besides the sample's routes
   */
  static Proxy start(Kind kind, Path folder, int port, List<Integer> origins, More more)
      throws IOException, InterruptedException {
    Path own = Files.createDirectories(folder.resolve(kind.name() + "-" + port));
    Path output = own.resolve("output");
    long started = System.nanoTime();
    ProcessBuilder builder =
        new ProcessBuilder(command(kind, own, port, origins, more))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().putAll(more.environment());
    Process process = builder.start();
    HttpCalls calls = new HttpCalls(Duration.ofSeconds(5));
    long end = started + START_TIMEOUT.toNanos();
    while (!answers(calls, port)) {
      if (!process.isAlive() || System.nanoTime() > end) {
        process.destroyForcibly();
        throw new IllegalStateException(
            "%s did not start: %s".formatted(kind.title(), Files.readString(output)));
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
    }
    return new Proxy(kind, port, process, (System.nanoTime() - started) / 1e9);
  }

  private static boolean answers(HttpCalls calls, int port) throws InterruptedException {
    try {
      return calls.send("GET", "http://127.0.0.1:%d/orders/10".formatted(port), "").statusCode()
          == 200;
    } catch (IOException notYet) {
      return false;
    }
  }

  private static List<String> command(
      Kind kind, Path folder, int port, List<Integer> origins, More more) throws IOException {
    String ports = "%d %d".formatted(port, origins.getFirst());
    return switch (kind) {
      case FRESHET -> {
        Files.writeString(folder.resolve("routes.yaml"), routes(origins, more));
        List<String> arguments =
            new ArrayList<>(
                List.of(
                    "gateway",
                    "--config",
                    folder.toString(),
                    "--data",
                    folder.toString(),
                    "--port",
                    Integer.toString(port),
                    "--operator-port",
                    Integer.toString(port + 1)));
        arguments.addAll(more.options());
        yield JavaCommand.ofFreshet(List.of(), JVM, arguments);
      }
      case SPRING_CLOUD_GATEWAY -> ofBench(PlainGateway.class, ports);
      case REACTOR_NETTY -> ofBench(BareProxy.class, ports);
      case NGINX -> {
        Path file =
            Files.writeString(
                folder.resolve("nginx.conf"), nginx(folder, port, origins.getFirst()));
        yield List.of("nginx", "-p", folder.toString(), "-c", file.toString());
      }
      case HAPROXY -> {
        Path file = Files.writeString(folder.resolve("haproxy.cfg"), haproxy(port, origins));
        yield List.of("haproxy", "-db", "-f", file.toString());
      }
    };
  }

  /** A program of the benchmarks' own jar. */
  static List<String> ofBench(Class<?> main, String arguments) {
    List<String> words = new ArrayList<>(List.of(main.getName()));
    words.addAll(List.of(arguments.split(" ", -1)));
    return JavaCommand.of(
        ProjectHome.path().resolve("infra/bench/target/bench.jar").toString(), JVM, words);
  }

  /** The sample's routes, with pools of the origins alone. */
  private static String routes(List<Integer> origins, More more) throws IOException {
    String sample = Files.readString(ProjectHome.path().resolve("infra/restaurant/routes.yaml"));
    StringBuilder readers = new StringBuilder();
    for (int i = 0; i < origins.size(); i++) {
      readers.append(
          "      - { id: replica-%d, url: \"http://127.0.0.1:%d\", kind: replica }\n"
              .formatted(i + 1, origins.get(i)));
    }
    return sample.replace("routes:\n", "routes:\n" + more.routes())
        + """
        pools:
          writers:
            instances: [ { id: write-1, url: "http://127.0.0.1:%d" } ]
          readers:
            instances:
        %s%s"""
            .formatted(origins.getFirst(), readers, more.pools());
  }

  private static String nginx(Path folder, int port, int origin) {
    return """
        worker_processes %1$d;
        worker_rlimit_nofile 30000;
        daemon off;
        pid %2$s/pid;
        error_log %2$s/error.log;
        events { worker_connections 12000; }
        http {
          access_log off;
          keepalive_requests 100000000;
          upstream origin { server 127.0.0.1:%4$d; keepalive 128; keepalive_requests 100000000; }
          server {
            listen 127.0.0.1:%3$d backlog=4096;
            location / {
              proxy_pass http://origin;
              proxy_http_version 1.1;
              proxy_set_header Connection "";
            }
          }
        }
        """
        .formatted(WORKERS, folder, port, origin);
  }

  /** With several origins, HAProxy checks them as often as Freshet does, and tries reads again. */
  private static String haproxy(int port, List<Integer> origins) {
    StringBuilder servers = new StringBuilder();
    if (origins.size() > 1) {
      servers.append(
          """
            option httpchk GET /.freshet/position
            default-server check inter 500ms fall 2 rise 2 observe layer7 error-limit 5 on-error mark-down
            retries 3
            option redispatch 1
            retry-on conn-failure empty-response junk-response response-timeout 502 503 504
            balance leastconn
          """);
    }
    for (int origin : origins) {
      servers.append("  server origin-%1$d 127.0.0.1:%1$d%n".formatted(origin));
    }
    return """
        global
          nbthread %d
          no strict-limits
          maxconn 12000
        defaults
          mode http
          timeout connect 1s
          timeout client 300s
          timeout server 10s
          http-reuse always
        frontend clients
          bind 127.0.0.1:%d backlog 4096
          default_backend origin
        backend origin
        %s"""
        .formatted(WORKERS, port, servers);
  }

  Kind kind() {
    return kind;
  }

  int port() {
    return port;
  }

  double secondsToFirstAnswer() {
    return secondsToFirstAnswer;
  }

  /** CPU time so far, user and system, workers included, in microseconds. */
  double cpuMicros() {
    return ProcessUse.cpuMicrosWithChildren(process.toHandle());
  }

  double residentMebibytes() {
    return ProcessUse.residentMebibytes(
        Stream.concat(Stream.of(process.toHandle()), process.descendants()).toList());
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(15, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
  }
}
