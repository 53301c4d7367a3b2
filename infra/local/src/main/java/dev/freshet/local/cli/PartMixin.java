package dev.freshet.local.cli;

import dev.freshet.local.system.Logging;
import dev.freshet.local.system.OpenFiles;
import dev.freshet.local.system.PartKind;
import dev.freshet.local.system.StartFailed;
import dev.freshet.runtime.source.FreshnessGate;
import dev.freshet.sync.follow.FollowerStatus;
import dev.freshet.sync.status.SyncStatus;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.web.server.PortInUseException;
import org.springframework.context.ConfigurableApplicationContext;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Options of every part that runs alone. */
final class PartMixin {

  private static final int LAST_PORT = 65_535;

  /** A part has up to 300 open when nobody uses it; each connection is one more. */
  private static final long LEAST_FILES = 512;

  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);
  private static final String OPERATOR_PORT = "management.server.port";

  @Option(
      names = "--listen",
      paramLabel = "ADDRESS",
      description = "Address to listen on (default: ${DEFAULT-VALUE}).",
      defaultValue = "127.0.0.1")
  private String listen = "127.0.0.1";

  @Mixin private LogFormat log = new LogFormat();

  @Mixin private OperatorHosts operatorHosts = new OperatorHosts();

  @Option(
      names = "--drain-delay",
      paramLabel = "TIME",
      defaultValue = "0s",
      converter = Quantities.Delay.class,
      description = {
        "When it stops: how long it says that it is not ready, and yet answers, before it refuses",
        "connections (default: ${DEFAULT-VALUE}). Longer than others take to notice."
      })
  private Duration drainDelay = Duration.ZERO;

  @Option(
      names = "--drain-timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = Quantities.Time.class,
      description =
          "After that: how long requests in flight may take to end (default: ${DEFAULT-VALUE}).")
  private Duration drainTimeout = Duration.ZERO;

  @Spec(Spec.Target.MIXEE)
  private @Nullable CommandSpec mixee;

  /** Starts the part, waits until it is ready, and keeps it going until a signal. */
  void run(PartKind kind, int port, Map<String, String> settings) {
    checkPort(Objects.requireNonNull(mixee), "--port", port);
    if (drainTimeout.compareTo(drainDelay) <= 0) {
      throw new ParameterException(
          Objects.requireNonNull(mixee).commandLine(),
          "--drain-timeout (%s) must be longer than --drain-delay (%s)."
              .formatted(Quantities.text(drainTimeout), Quantities.text(drainDelay)));
    }
    OpenFiles.require(LEAST_FILES);
    String address = address(listen, "--listen").getHostAddress();
    Logging.toConsole(log.format());
    Map<String, Object> properties = new HashMap<>(settings);
    properties.put("server.address", address);
    properties.put("server.port", port);
    properties.putAll(operatorHosts.settings());
    properties.put("freshet.drain-delay", drainDelay.toString());
    properties.put("spring.lifecycle.timeout-per-shutdown-phase", drainTimeout.toString());
    UntilStopped.run(
        stopping -> {
          ConfigurableApplicationContext context = start(kind, properties);
          try {
            awaitReady(kind, context, stopping);
            return context;
          } catch (RuntimeException e) {
            context.close();
            throw e;
          }
        },
        context -> tell(kind, properties));
  }

  /** A gateway is ready as soon as it answers. */
  private static void awaitReady(
      PartKind kind, ConfigurableApplicationContext context, BooleanSupplier stopping) {
    Supplier<StartWait.Look> look =
        switch (kind) {
          case GATEWAY -> StartWait.Look.Ready::new;
          case SYNC, PUBLISH -> {
            SyncStatus status = context.getBean(SyncStatus.class);
            yield () -> StartWait.of(kind, status.snapshot());
          }
          case FOLLOW -> {
            FollowerStatus status = context.getBean(FollowerStatus.class);
            yield () -> StartWait.of(status.state());
          }
          case READ, WRITE -> {
            FreshnessGate source = context.getBean(FreshnessGate.class);
            yield () -> StartWait.of(source);
          }
        };
    new StartWait(look, System.out, () -> LockSupport.parkNanos(LOOK_AGAIN.toNanos()))
        .await(stopping);
  }

  /** The address that is listened on, as it is written in a URL. */
  String listen() {
    return listen;
  }

  /**
   * Checks a port that was named.
   *
   * @throws ParameterException when there is no such port
   */
  static void checkPort(CommandSpec spec, String option, int port) {
    if (port < 1 || port > LAST_PORT) {
      throw new ParameterException(
          spec.commandLine(),
          "%s is %d; a port is between 1 and %d.".formatted(option, port, LAST_PORT));
    }
  }

  private static void tell(PartKind kind, Map<String, Object> properties) {
    System.out.println();
    System.out.printf(
        "  %-14s %s://%s:%s%n",
        kind.name().toLowerCase(Locale.ROOT),
        properties.containsKey("freshet.tls.certificate") ? "https" : "http",
        properties.get("server.address"),
        properties.get("server.port"));
    if (properties.containsKey(OPERATOR_PORT)) {
      System.out.printf(
          "  %-14s http://%s:%s/api/status%n",
          "operators", properties.get("management.server.address"), properties.get(OPERATOR_PORT));
    }
    System.out.println();
    System.out.println("ready. Stop with Ctrl-C.");
  }

  private static ConfigurableApplicationContext start(
      PartKind kind, Map<String, Object> properties) {
    try {
      return kind.start(properties);
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof PortInUseException taken) {
          boolean isOperators =
              String.valueOf(taken.getPort()).equals(String.valueOf(properties.get(OPERATOR_PORT)));
          throw new StartFailed(
              "Port %d is taken. Stop what listens there, or name another with %s."
                  .formatted(taken.getPort(), isOperators ? "--operator-port" : "--port"),
              e);
        }
      }
      throw e;
    }
  }

  /**
   * An address to listen on.
   *
   * @param option that names it
   * @throws StartFailed when this machine has no such address
   */
  static InetAddress address(String listen, String option) {
    try {
      InetAddress address = InetAddress.getByName(listen);
      if (address.isAnyLocalAddress() || NetworkInterface.getByInetAddress(address) != null) {
        return address;
      }
    } catch (UnknownHostException | SocketException e) {
      throw new StartFailed("There is no address '%s' to listen on.".formatted(listen), e);
    }
    throw new StartFailed(
        "%s is no address of this machine; name one that is with %s, or 0.0.0.0 for all."
            .formatted(listen, option));
  }
}
