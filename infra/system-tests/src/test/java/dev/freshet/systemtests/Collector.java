package dev.freshet.systemtests;

import com.sun.net.httpserver.HttpServer;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceResponse;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** What takes traces, by OTLP over HTTP. */
final class Collector implements AutoCloseable {

  private static final String PATH = "/v1/traces";

  private final HttpServer server;
  private final Queue<Span> spans = new ConcurrentLinkedQueue<>();

  /**
   * A span as it came.
   *
   * @param service whose it is
   * @param id in hexadecimal, as trace and parent are
   * @param attributes the resource's, too
   * @param all that it says, events included
   */
  record Span(
      String service,
      String trace,
      String id,
      String parent,
      String name,
      String kind,
      Instant start,
      Duration took,
      boolean failed,
      Map<String, String> attributes,
      String all) {

    String attribute(String key) {
      return attributes.getOrDefault(key, "");
    }
  }

  Collector() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        PATH,
        exchange -> {
          boolean isZipped =
              "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
          try (InputStream body = exchange.getRequestBody();
              InputStream plain = isZipped ? new GZIPInputStream(body) : body) {
            take(ExportTraceServiceRequest.parseFrom(plain));
          }
          byte[] answer = ExportTraceServiceResponse.getDefaultInstance().toByteArray();
          exchange.getResponseHeaders().set("Content-Type", "application/x-protobuf");
          exchange.sendResponseHeaders(200, answer.length == 0 ? -1 : answer.length);
          exchange.close();
        });
    server.start();
  }

  /** Its address, for {@code OTEL_EXPORTER_OTLP_ENDPOINT}. */
  String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  private void take(ExportTraceServiceRequest request) {
    request
        .getResourceSpansList()
        .forEach(
            of -> {
              Map<String, String> resource = texts(of.getResource().getAttributesList());
              of.getScopeSpansList().stream()
                  .flatMap(scope -> scope.getSpansList().stream())
                  .map(span -> span(resource, span))
                  .forEach(spans::add);
            });
  }

  private static Span span(
      Map<String, String> resource, io.opentelemetry.proto.trace.v1.Span span) {
    HexFormat hex = HexFormat.of();
    Map<String, String> attributes = texts(span.getAttributesList());
    attributes.putAll(resource);
    return new Span(
        resource.getOrDefault("service.name", ""),
        hex.formatHex(span.getTraceId().toByteArray()),
        hex.formatHex(span.getSpanId().toByteArray()),
        hex.formatHex(span.getParentSpanId().toByteArray()),
        span.getName(),
        span.getKind().name().replace("SPAN_KIND_", ""),
        Instant.ofEpochSecond(0, span.getStartTimeUnixNano()),
        Duration.ofNanos(span.getEndTimeUnixNano() - span.getStartTimeUnixNano()),
        span.getStatus().getCodeValue() == 2,
        attributes,
        span.toString());
  }

  private static Map<String, String> texts(List<KeyValue> attributes) {
    return attributes.stream()
        .collect(Collectors.toMap(KeyValue::getKey, attribute -> text(attribute.getValue())));
  }

  private static String text(AnyValue value) {
    return switch (value.getValueCase()) {
      case STRING_VALUE -> value.getStringValue();
      case INT_VALUE -> Long.toString(value.getIntValue());
      default -> value.toString();
    };
  }

  /** All that came so far. */
  List<Span> spans() {
    return List.copyOf(spans);
  }

  /** Those of a trace. */
  List<Span> of(String trace) {
    return spans.stream().filter(span -> span.trace().equals(trace)).toList();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
