package dev.freshet.search;

import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import java.util.Base64;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Talks to a search store: to one of its nodes, and to the next one where that does not answer.
 * Whatever is asked of a store here can be asked twice. Safe for several threads.
 */
public final class SearchClient implements AutoCloseable {

  private static final Duration CONNECT_WITHIN = Duration.ofSeconds(2);
  private static final Duration ANSWER_WITHIN = Duration.ofSeconds(60);
  private static final int FIRST_NON_SUCCESS = 300;

  private static final String JSON_TYPE = "application/json";
  private static final String LINES_TYPE = "application/x-ndjson";
  private static final JsonMapper JSON = JsonMapper.shared();

  private final SearchAddress address;
  private final HttpClient http;

  /** The node that answered last. */
  private final AtomicInteger node = new AtomicInteger();

  private SearchClient(SearchAddress address, HttpClient http) {
    this.address = address;
    this.http = http;
  }

  /**
   * Prepares to talk; no connection is made yet.
   *
   * @throws IllegalArgumentException when the authority's file is none
   */
  public static SearchClient open(SearchAddress address) {
    HttpClient.Builder http =
        HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(CONNECT_WITHIN);
    if (address.authority() != null) {
      http.sslContext(trusting(address.authority()));
    }
    return new SearchClient(address, http.build());
  }

  private static SSLContext trusting(Path authority) {
    try (InputStream file = Files.newInputStream(authority)) {
      KeyStore trusted = KeyStore.getInstance(KeyStore.getDefaultType());
      trusted.load(null, null);
      int number = 0;
      for (Certificate certificate :
          CertificateFactory.getInstance("X.509").generateCertificates(file)) {
        trusted.setCertificateEntry("authority-" + ++number, certificate);
      }
      TrustManagerFactory managers =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      managers.init(trusted);
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, managers.getTrustManagers(), null);
      return context;
    } catch (IOException | GeneralSecurityException e) {
      throw new IllegalArgumentException(
          "%s is no file of PEM certificates (%s)".formatted(authority, e.getMessage()), e);
    }
  }

  /** The address that it talks to. */
  public SearchAddress address() {
    return address;
  }

  /**
   * Sends a request.
   *
   * @param path with its query
   * @param body JSON, or null
   * @return the answer's JSON
   * @throws SearchFailed when it is refused, or there is no answer
   */
  public JsonNode send(String method, String path, @Nullable String body) throws SearchFailed {
    return parsed(method, path, textOf(method, path, body));
  }

  /** The same with lines of JSON. */
  public JsonNode sendLines(String path, String lines) throws SearchFailed {
    return parsed("POST", path, textOfLines(path, lines));
  }

  /** The same with lines of JSON, and gives the answer as it comes. */
  public String textOfLines(String path, String lines) throws SearchFailed {
    return text("POST", path, lines, LINES_TYPE);
  }

  /** The same as {@link #send}, and gives the answer as it comes. */
  public String textOf(String method, String path, @Nullable String body) throws SearchFailed {
    return text(method, path, body, JSON_TYPE);
  }

  private static JsonNode parsed(String method, String path, String text) throws SearchFailed {
    try {
      return JSON.readTree(text);
    } catch (JacksonException e) {
      throw new SearchFailed(
          0, "", "%s %s was answered with something else than JSON".formatted(method, path), e);
    }
  }

  private String text(String method, String path, @Nullable String body, String type)
      throws SearchFailed {
    int nodes = address.nodes().size();
    int first = node.get();
    IOException failure = null;
    for (int i = 0; i < nodes; i++) {
      int tried = (first + i) % nodes;
      try {
        HttpResponse<String> answer =
            http.send(
                request(address.nodes().get(tried), method, path, body, type),
                HttpResponse.BodyHandlers.ofString(StandardCharsets.UTF_8));
        node.set(tried);
        if (answer.statusCode() >= FIRST_NON_SUCCESS) {
          throw refused(answer);
        }
        return answer.body();
      } catch (IOException e) {
        failure = e;
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new SearchFailed(0, "", "The search store was not waited for", e);
      }
    }
    throw new SearchFailed(
        0,
        "",
        failure instanceof ConnectException
            ? "The search store %s can't be reached".formatted(address)
            : "The search store %s does not answer: %s".formatted(address, failure),
        failure);
  }

  private HttpRequest request(
      URI to, String method, String path, @Nullable String body, String type) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(to.resolve(path))
            .timeout(ANSWER_WITHIN)
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
    if (body != null) {
      request.header("Content-Type", type);
    }
    String credentials = address.credentials();
    if (credentials != null) {
      request.header(
          "Authorization",
          "Basic "
              + Base64.getEncoder().encodeToString(credentials.getBytes(StandardCharsets.UTF_8)));
    }
    return request.build();
  }

  private static SearchFailed refused(HttpResponse<String> answer) {
    int status = answer.statusCode();
    try {
      JsonNode error = JSON.readTree(answer.body()).path("error");
      return new SearchFailed(
          status,
          error.path("type").asString(""),
          error.isObject() ? error.path("reason").asString("") : error.asString(""),
          null);
    } catch (JacksonException unreadable) {
      return new SearchFailed(status, "", "It answers " + status, unreadable);
    }
  }

  @Override
  public void close() {
    http.close();
  }
}
