package dev.freshet.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.gateway.filters.FilterCatalogue;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.context.ConfigurableApplicationContext;

/**
 * Each filter that is offered changes of the target what it is for, and leaves the rest as it is.
 */
class FilterTargetsIT {

  /** Of paths, what RFC 3986 knows and what browsers send. */
  private static final List<String> PATHS =
      List.of(
          "/a",
          "/a/",
          "/a//b",
          "/a%20b",
          "/a%27b",
          "/a'b",
          "/a%3Bx=y",
          "/a;x=y",
          "/a+b",
          "/a%2Bb",
          "/a%25b",
          "/%C3%A9",
          "/%c3%a9",
          "/a@b:c",
          "/(a)!*,=$&",
          "/a%5Bb%5D",
          "/~a-._");

  private static final List<String> QUERIES =
      List.of(
          "",
          "?",
          "?q",
          "?q=",
          "?=v",
          "?a=1&b=2",
          "?a=1&a=2&a=1",
          "?b=%27&f[a]=1",
          "?b='&f%5Ba%5D=1",
          "?f[]=1&f[]=2",
          "?a=x+y",
          "?a=x%2By",
          "?a=x%20y",
          "?a=%20",
          "?a=b=c",
          "?a=b;c=d",
          "?&a=1&&b=2&",
          "?a=%C3%A9&%C3%A9=a",
          "?a=%c3%a9",
          "?a=100%25",
          "?a=%2F%3F&b=/?",
          "?a=:@!$()*,;",
          "?%61=1&a=2",
          "?a=-._~%2D%2E",
          "?q=1&x=2&q=3",
          "?in=(%22a%22,%22b%22)");

  /** What Spring can't read, with what it means. */
  private static final Map<String, String> BEYOND_RFC_3986 =
      Map.of(
          "?a={1,2}", "?a=%7B1,2%7D",
          "?a=\"b\"&c=|^`<>", "?a=%22b%22&c=%7C%5E%60%3C%3E",
          "?a=100%", "?a=100%25",
          "?a=%zz&b=%4", "?a=%25zz&b=%254");

  /** Arguments of filters, as routes.yaml has them; those that are not here have none. */
  private static final Map<String, String> ARGUMENTS =
      Map.ofEntries(
          Map.entry("AddRequestHeader", "X-Own, y"),
          Map.entry("AddRequestHeadersIfNotPresent", "X-Own:y"),
          Map.entry("AddRequestParameter", "q, h'l o&"),
          Map.entry("AddResponseHeader", "X-Own, y"),
          Map.entry("DedupeResponseHeader", "X-Own"),
          Map.entry("MapRequestHeader", "X-Own, X-Other"),
          Map.entry("PrefixPath", "/p"),
          Map.entry("RemoveRequestHeader", "X-Own"),
          Map.entry("RemoveRequestParameter", "q"),
          Map.entry("RemoveResponseHeader", "X-Own"),
          Map.entry("RemoveJsonAttributesResponseBody", "own"),
          Map.entry("RequestHeaderSize", "100KB"),
          Map.entry("RequestSize", "100KB"),
          Map.entry("RewriteLocationResponseHeader", "AS_IN_REQUEST, Location"),
          Map.entry("RewritePath", "/(?<rest>.*), /r/$\\{rest}"),
          Map.entry("RewriteRequestParameter", "q, h'l o&"),
          Map.entry("RewriteResponseHeader", "X-Own, a, b"),
          Map.entry("SetPath", "/s{rest}"),
          Map.entry("SetRequestHeader", "X-Own, y"),
          Map.entry("SetRequestHostHeader", "own.example"),
          Map.entry("SetResponseHeader", "X-Own, y"),
          Map.entry("StripPrefix", "1"));

  /** They answer by themselves, or need what a gateway has not by itself. */
  private static final Set<String> NOT_TRIED =
      Set.of(
          "RedirectTo",
          "SetStatus",
          "CacheRequestBody",
          "ModifyRequestBody",
          "ModifyResponseBody",
          "JsonToGrpc",
          "TokenRelay",
          "RequestRateLimiter",
          "LocalResponseCache",
          "FallbackHeaders",
          "SpringCloudCircuitBreaker",
          "Retry",
          "SaveSession");

  private static final String ADDED = "q=h%27l%20o%26";

  @TempDir Path folder;

  @Test
  void everyFilterLeavesAloneWhatItIsNotFor() throws Exception {
    try (ScriptedBackend backend = new ScriptedBackend()) {
      Set<String> names = names(backend);
      StringBuilder routes = new StringBuilder("version: 1\nroutes:\n");
      names.forEach(
          name ->
              routes.append(
                  "  - { id: %1$s, path: \"/%1$s/{*rest}\", read: { pool: one }, filters: [ '%1$s%2$s' ] }%n"
                      .formatted(
                          name,
                          ARGUMENTS.containsKey(name)
                              ? "=" + ARGUMENTS.get(name).replace("'", "''")
                              : "")));
      routes.append(
          "pools: { one: { instances: [ { id: one, url: \"http://127.0.0.1:%d\" } ] } }%n"
              .formatted(backend.port()));
      Files.writeString(folder.resolve("routes.yaml"), routes);
      List<String> wrong = new ArrayList<>();
      try (ConfigurableApplicationContext gateway =
              TestGateway.start(folder, Map.of("data", folder.toString()));
          RawHttp1 client = new RawHttp1(TestGateway.port(gateway))) {
        for (String name : names) {
          for (Map.Entry<String, String> target : targets().entrySet()) {
            String sent = "/" + name + target.getKey();
            String seen = client.get(sent).content();
            String expected = "GET " + expected(name, "/" + name + target.getValue());
            if (!seen.equals(expected)) {
              wrong.add("%s became %s and not %s".formatted(sent, seen, expected));
            }
          }
        }
      }
      assertThat(wrong).isEmpty();
    }
  }

  /** All that are offered, but for those that are known not to do here. */
  private Set<String> names(ScriptedBackend backend) throws Exception {
    TestGateway.routeAllTo("http://127.0.0.1:" + backend.port(), folder);
    try (ConfigurableApplicationContext gateway =
        TestGateway.start(folder, Map.of("data", folder.toString()))) {
      Set<String> names = new TreeSet<>(gateway.getBean(FilterCatalogue.class).names());
      assertThat(names).containsAll(ARGUMENTS.keySet().stream().filter(names::contains).toList());
      names.removeAll(NOT_TRIED);
      assertThat(names).hasSizeGreaterThan(20).contains("AddRequestParameter", "SetPath");
      return names;
    }
  }

  private static Map<String, String> targets() {
    Map<String, String> targets = new LinkedHashMap<>();
    for (String path : PATHS) {
      targets.put(path, path);
      targets.put(path + "?a=%27&f[b]=1", path + "?a=%27&f[b]=1");
    }
    QUERIES.forEach(query -> targets.put("/a" + query, "/a" + query));
    BEYOND_RFC_3986.forEach((sent, seen) -> targets.put("/a" + sent, "/a" + seen));
    return targets;
  }

  private static String expected(String name, String target) {
    int at = target.indexOf('?');
    String path = at < 0 ? target : target.substring(0, at);
    String query = at < 0 ? null : target.substring(at + 1);
    return switch (name) {
      case "StripPrefix" ->
          path.substring(path.indexOf('/', 1)) + (query == null ? "" : "?" + query);
      case "PrefixPath" -> "/p" + target;
      case "RewritePath" -> "/r" + target;
      case "SetPath" -> "/s" + variable(path) + (query == null ? "" : "?" + query);
      case "AddRequestParameter" ->
          path
              + "?"
              + (query == null || query.isEmpty() ? "" : query + (query.endsWith("&") ? "" : "&"))
              + ADDED;
      case "RemoveRequestParameter" -> path + suffix(query == null ? null : without(query));
      case "RewriteRequestParameter" -> path + suffix(query == null ? null : rewritten(query));
      default -> target;
    };
  }

  /** As a variable's value it is encoded strictly. */
  private static String variable(String path) {
    // Parameters of segments are no part of variables.
    String rest = path.substring(path.indexOf('/', 1)).replaceAll(";[^/]*", "");
    StringBuilder encoded = new StringBuilder();
    for (int i = 0; i < rest.length(); i++) {
      char character = rest.charAt(i);
      boolean isKept = "/%-._~".indexOf(character) >= 0 || Character.isLetterOrDigit(character);
      encoded.append(isKept ? String.valueOf(character) : "%%%02X".formatted((int) character));
    }
    return Pattern.compile("%[0-9a-f]{2}", Pattern.CASE_INSENSITIVE)
        .matcher(encoded)
        .replaceAll(hex -> hex.group().toUpperCase(Locale.ROOT));
  }

  private static String suffix(@Nullable String query) {
    return query == null ? "" : "?" + query;
  }

  private static @Nullable String without(String query) {
    return switch (query) {
      case "q", "q=" -> null;
      case "q=1&x=2&q=3" -> "x=2";
      default -> query;
    };
  }

  private static String rewritten(String query) {
    return switch (query) {
      case "q", "q=" -> ADDED;
      case "q=1&x=2&q=3" -> ADDED + "&x=2";
      default -> query;
    };
  }
}
