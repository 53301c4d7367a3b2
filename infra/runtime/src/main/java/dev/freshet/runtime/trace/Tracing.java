package dev.freshet.runtime.trace;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigProperties;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import io.opentelemetry.sdk.resources.Resource;
import io.opentelemetry.sdk.resources.ResourceBuilder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/** Whether a part traces, and where to. */
public final class Tracing implements AutoCloseable {

  private static final String EXPORTER = "otel.traces.exporter";

  private static final List<String> ENDPOINTS =
      List.of("otel.exporter.otlp.endpoint", "otel.exporter.otlp.traces.endpoint");

  /** The usual variables win over these. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          // As the specification of OTLP exporters has it; the SDK's own default is older.
          "otel.exporter.otlp.protocol", "http/protobuf",
          // Prometheus asks for these.
          "otel.metrics.exporter", "none",
          // These go where the process's output goes.
          "otel.logs.exporter", "none");

  /** Which attributes have the names of today's conventions, and not those of before them. */
  private static final String NAMES = "otel.semconv-stability.opt-in";

  private static final String RESOURCE = "otel.resource.attributes";

  private static final String SERVICE = "service.name";

  private static final String INSTANCE = "service.instance.id";

  /** What is not sent by then, as the collector is gone perhaps, is not worth waiting for. */
  private static final int LAST_SPANS_SECONDS = 1;

  private final @Nullable OpenTelemetrySdk sdk;

  private Tracing(@Nullable OpenTelemetrySdk sdk) {
    this.sdk = sdk;
  }

  /**
   * As the usual variables and system properties say.
   *
   * @param service the part's {@code service.name}, unless {@code OTEL_SERVICE_NAME} says otherwise
   * @param instance its {@code service.instance.id}, unless {@code OTEL_RESOURCE_ATTRIBUTES} has
   *     one
   * @throws IllegalArgumentException when they can't be understood
   */
  public static Tracing of(String service, String instance) {
    return isAskedFor(Tracing::usual) ? started(service, instance) : off();
  }

  /** Without any. */
  public static Tracing off() {
    return new Tracing(null);
  }

  /** Of a setting by its name as a system property, which wins, or as a variable. */
  private static @Nullable String usual(String name) {
    String property = System.getProperty(name);
    return property != null
        ? property
        : System.getenv(name.toUpperCase(Locale.ROOT).replace('.', '_').replace('-', '_'));
  }

  static boolean isAskedFor(Function<String, @Nullable String> setting) {
    if (Boolean.parseBoolean(setting.apply("otel.sdk.disabled"))) {
      return false;
    }
    Optional<String> exporter = said(setting.apply(EXPORTER));
    return exporter.isPresent()
        ? !exporter.get().equals("none")
        : ENDPOINTS.stream().map(setting).anyMatch(url -> said(url).isPresent());
  }

  /** A variable that is empty says nothing. */
  private static Optional<String> said(@Nullable String value) {
    return Optional.ofNullable(value).map(String::strip).filter(text -> !text.isEmpty());
  }

  private static Tracing started(String service, String instance) {
    if (said(usual(NAMES)).isEmpty()) {
      System.setProperty(NAMES, "database"); // where alone the instrumentation looks for it
    }
    try {
      return new Tracing(
          AutoConfiguredOpenTelemetrySdk.builder()
              .disableShutdownHook()
              .addPropertiesSupplier(() -> DEFAULTS)
              .addResourceCustomizer(
                  (resource, config) -> resource.merge(named(service, instance, config)))
              .addSpanExporterCustomizer((exporter, config) -> new WithoutMessages(exporter))
              .build()
              .getOpenTelemetrySdk());
    } catch (ConfigurationException | IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "Traces can't be sent as the OTEL_ variables ask: %s. Correct them, or set OTEL_SDK_DISABLED=true to go without."
              .formatted(e.getMessage()));
    }
  }

  /** What the part is called where the variables have no names for it. */
  private static Resource named(String service, String instance, ConfigProperties config) {
    Map<String, String> said = config.getMap(RESOURCE);
    ResourceBuilder names = Resource.builder();
    if (config.getString("otel.service.name") == null && !said.containsKey(SERVICE)) {
      names.put(SERVICE, service);
    }
    if (!said.containsKey(INSTANCE)) {
      names.put(INSTANCE, instance);
    }
    return names.build();
  }

  public boolean isOn() {
    return sdk != null;
  }

  /** What spans are made by; makes none while tracing is off. */
  public OpenTelemetry openTelemetry() {
    return sdk == null ? OpenTelemetry.noop() : sdk;
  }

  /**
   * The same database, with a span for each connection taken, statement and commit of a request. A
   * statement's text is told without its literals.
   */
  public DataSource around(DataSource database) {
    return sdk == null ? database : new TracedDatabase(sdk, database);
  }

  /** Sends what is left. */
  @Override
  public void close() {
    if (sdk != null) {
      sdk.shutdown().join(LAST_SPANS_SECONDS, TimeUnit.SECONDS);
    }
  }
}
