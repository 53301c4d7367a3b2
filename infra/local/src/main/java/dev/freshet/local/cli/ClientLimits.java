package dev.freshet.local.cli;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.springframework.util.unit.DataSize;
import picocli.CommandLine.Option;

/** What a gateway takes of clients and backends, and how long it waits. */
final class ClientLimits {

  private static final String DEFAULT = " (default: ${DEFAULT-VALUE}).";

  @Option(
      names = "--timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = Quantities.Time.class,
      description = "How long an answer may take, from when the request came whole" + DEFAULT)
  private Duration timeout = Duration.ZERO;

  @Option(
      names = "--max-request-line",
      paramLabel = "SIZE",
      defaultValue = "8KB",
      converter = Quantities.Size.class,
      description = "Maximum length of a request's first line" + DEFAULT)
  private DataSize maxRequestLine = DataSize.ofBytes(0);

  @Option(
      names = "--max-headers",
      paramLabel = "SIZE",
      defaultValue = "32KB",
      converter = Quantities.Size.class,
      description = "Maximum size of a request's headers together" + DEFAULT)
  private DataSize maxHeaders = DataSize.ofBytes(0);

  @Option(
      names = "--max-header-count",
      paramLabel = "N",
      defaultValue = "100",
      description = "Maximum number of a request's headers" + DEFAULT)
  private int maxHeaderCount;

  @Option(
      names = "--max-body",
      paramLabel = "SIZE",
      defaultValue = "1GB",
      converter = Quantities.Size.class,
      description = "Maximum size of a request's content" + DEFAULT)
  private DataSize maxBody = DataSize.ofBytes(0);

  @Option(
      names = "--max-answer-headers",
      paramLabel = "SIZE",
      defaultValue = "64KB",
      converter = Quantities.Size.class,
      description = "Maximum size of a backend's status line and headers together" + DEFAULT)
  private DataSize maxAnswerHeaders = DataSize.ofBytes(0);

  @Option(
      names = "--head-timeout",
      paramLabel = "TIME",
      defaultValue = "10s",
      converter = Quantities.Time.class,
      description = "From the first byte of a request's head to its last" + DEFAULT)
  private Duration headTimeout = Duration.ZERO;

  @Option(
      names = "--client-patience",
      paramLabel = "TIME",
      defaultValue = "30s",
      converter = Quantities.Time.class,
      description = "How long a client may take nothing of its answer" + DEFAULT)
  private Duration clientPatience = Duration.ZERO;

  /** As settings of the gateway. */
  Map<String, String> settings() {
    Map<String, Object> settings = new HashMap<>();
    settings.put("timeout", timeout);
    settings.put("max-request-line", maxRequestLine);
    settings.put("max-headers", maxHeaders);
    settings.put("max-header-count", maxHeaderCount);
    settings.put("max-body", maxBody);
    settings.put("max-answer-headers", maxAnswerHeaders);
    settings.put("head-timeout", headTimeout);
    settings.put("client-patience", clientPatience);
    Map<String, String> texts = new HashMap<>();
    settings.forEach((name, value) -> texts.put("freshet.gateway." + name, value.toString()));
    return texts;
  }
}
