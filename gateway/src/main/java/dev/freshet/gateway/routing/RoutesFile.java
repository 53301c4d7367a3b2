package dev.freshet.gateway.routing;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.cloud.gateway.filter.FilterDefinition;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * Reads {@code routes.yaml}. Every key is known or refused; every refusal names the place in the
 * file, such as {@code routes[0].read.wait}.
 */
public final class RoutesFile {

  private static final YAMLMapper YAML = new YAMLMapper();
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([A-Za-z_][A-Za-z0-9_]*)}");
  private static final Duration DEFAULT_WAIT = Duration.ofMillis(100);
  private static final Set<Level> DEFAULT_ALLOWED =
      Set.of(Level.EVENTUAL, Level.BOUNDED, Level.SESSION);

  private final Function<String, @Nullable String> environment;
  private final Map<String, List<InstanceSpec>> givenPools;

  /**
   * Prepares to read.
   *
   * @param environment looks up {@code ${NAME}}
   * @param givenPools pools that the file may leave out
   */
  public RoutesFile(
      Function<String, @Nullable String> environment, Map<String, List<InstanceSpec>> givenPools) {
    this.environment = environment;
    this.givenPools = Map.copyOf(givenPools);
  }

  /**
   * Reads and checks a file.
   *
   * @throws RoutesInvalid when it can't be used
   */
  public Routes read(Path file) {
    try {
      return read(Files.readString(file));
    } catch (IOException e) {
      throw new RoutesInvalid(
          "%s can't be read (%s). Name a folder that holds it with --config."
              .formatted(file, e.getClass().getSimpleName()));
    }
  }

  /** Reads and checks a file's text. */
  public Routes read(String text) {
    JsonNode root;
    try {
      root = YAML.readTree(text);
    } catch (JacksonException e) {
      throw new RoutesInvalid(
          "routes.yaml, line %d, column %d: it is not YAML: %s."
              .formatted(
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("")));
    }
    Node file = new Node("", root);
    file.allow("version", "primary", "sync", "routes", "pools");
    if (file.get("version").json.asInt(0) != 1) {
      throw file.get("version").invalid("must be 1");
    }
    Map<String, List<InstanceSpec>> pools = pools(file.get("pools"));
    List<Route> routes = new ArrayList<>();
    List<String> withoutAccess = new ArrayList<>();
    Set<String> ids = new HashSet<>();
    for (Node entry : file.get("routes").required().list()) {
      Route route = route(entry, pools.keySet());
      if (!ids.add(route.id())) {
        throw entry.get("id").invalid("is the id of another route, too");
      }
      routes.add(route);
      if (entry.get("access").isMissing()) {
        withoutAccess.add(route.id());
      }
    }
    return new Routes(
        routes,
        file.get("primary").isMissing() ? null : file.get("primary").database(),
        file.get("sync").list().stream().map(Node::url).toList(),
        pools,
        withoutAccess);
  }

  private Map<String, List<InstanceSpec>> pools(Node node) {
    Map<String, List<InstanceSpec>> pools = new LinkedHashMap<>(givenPools);
    Set<String> ids = new HashSet<>();
    givenPools.forEach(
        (name, instances) -> {
          if (node.get(name).isMissing()) {
            instances.forEach(instance -> ids.add(instance.id()));
          }
        });
    for (Map.Entry<String, Node> pool : node.map().entrySet()) {
      pool.getValue().allow("instances");
      List<InstanceSpec> instances = new ArrayList<>();
      for (Node entry : pool.getValue().get("instances").required().list()) {
        InstanceSpec instance = instance(entry);
        if (!ids.add(instance.id())) {
          throw entry.get("id").invalid("is the id of another instance, too");
        }
        instances.add(instance);
      }
      if (instances.isEmpty()) {
        throw pool.getValue().get("instances").invalid("must hold an instance");
      }
      pools.put(pool.getKey(), instances);
    }
    return pools;
  }

  private static InstanceSpec instance(Node node) {
    node.allow("id", "url", "kind", "position");
    Node kind = node.get("kind");
    Node position = node.get("position");
    if (!position.isMissing()) {
      position.allow("jdbc");
    }
    try {
      return new InstanceSpec(
          node.get("id").required().token(),
          node.get("url").required().url(),
          kind.isMissing() ? SourceKind.PRIMARY : SourceKind.parse(kind.text()),
          position.isMissing() ? null : position.get("jdbc").required().database());
    } catch (IllegalArgumentException e) {
      throw kind.invalid(": " + e.getMessage());
    }
  }

  private static Route route(Node node, Set<String> pools) {
    node.allow("id", "path", "methods", "read", "write", "session", "access", "filters");
    if (!node.get("access").isMissing() && !node.get("access").text().equals("public")) {
      throw node.get("access").invalid("must be public");
    }
    Map<String, Intent> methods = new HashMap<>();
    node.get("methods")
        .map()
        .forEach(
            (method, intent) ->
                methods.put(
                    method.toUpperCase(Locale.ROOT),
                    intent.oneOf(Map.of("read", Intent.READ, "write", Intent.WRITE))));
    Route.Read read = node.get("read").isMissing() ? null : read(node.get("read"), pools);
    Route.Write write = node.get("write").isMissing() ? null : write(node.get("write"), pools);
    if (read == null && write == null) {
      throw node.invalid("needs read or write");
    }
    Node path = node.get("path").required();
    try {
      return new Route(
          node.get("id").required().token(),
          PathPatternParser.defaultInstance.parse(path.text()),
          methods,
          read,
          write,
          sessionBy(node.get("session")),
          node.get("filters").list().stream().map(RoutesFile::filter).toList());
    } catch (PatternParseException e) {
      throw path.invalid(": " + e.getMessage());
    }
  }

  private static Route.Read read(Node node, Set<String> pools) {
    node.allow("pool", "consistency", "allow", "wait", "otherwise");
    Consistency consistency = consistency(node.get("consistency"));
    Set<Level> allowed = new TreeSet<>();
    node.get("allow").list().forEach(member -> allowed.add(level(member)));
    if (allowed.isEmpty()) {
      allowed.addAll(DEFAULT_ALLOWED);
    }
    allowed.add(consistency.level());
    Node wait = node.get("wait");
    Node otherwise = node.get("otherwise");
    return new Route.Read(
        pool(node, pools),
        consistency,
        allowed,
        wait.isMissing() ? DEFAULT_WAIT : wait.duration(),
        otherwise.isMissing()
            ? Otherwise.PRIMARY
            : otherwise.oneOf(
                Map.of(
                    "primary",
                    Otherwise.PRIMARY,
                    "stale",
                    Otherwise.STALE,
                    "fail",
                    Otherwise.FAIL)));
  }

  private static Consistency consistency(Node node) {
    if (node.isMissing()) {
      return Consistency.of(Level.SESSION);
    }
    try {
      Consistency consistency = Consistency.parse(node.text());
      if (consistency.level() == Level.BOUNDED && consistency.maxStaleness() == null) {
        throw node.invalid("must say how far: bounded;max-staleness=SECONDS");
      }
      return consistency;
    } catch (IllegalArgumentException e) {
      throw node.invalid(": " + e.getMessage());
    }
  }

  private static Level level(Node node) {
    try {
      return Level.parse(node.text());
    } catch (IllegalArgumentException e) {
      throw node.invalid(": " + e.getMessage());
    }
  }

  private static SessionBy sessionBy(Node node) {
    if (node.isMissing()) {
      return SessionBy.HEADER;
    }
    node.allow("by");
    return node.get("by")
        .required()
        .oneOf(Map.of("header", SessionBy.HEADER, "cookie", SessionBy.COOKIE));
  }

  private static Route.Write write(Node node, Set<String> pools) {
    node.allow("pool");
    return new Route.Write(pool(node, pools));
  }

  private static FilterSpec filter(Node node) {
    if (node.json.isString()) {
      FilterDefinition brief = new FilterDefinition(node.text());
      return new FilterSpec(String.valueOf(brief.getName()), brief.getArgs());
    }
    node.allow("name", "args");
    Map<String, String> arguments = new LinkedHashMap<>();
    node.get("args").map().forEach((name, value) -> arguments.put(name, value.text()));
    return new FilterSpec(node.get("name").required().text(), arguments);
  }

  private static String pool(Node node, Set<String> pools) {
    Node pool = node.get("pool").required();
    if (!pools.contains(pool.text())) {
      throw pool.invalid(
          pools.isEmpty()
              ? "is '%s', and there are no pools; name instances under 'pools'"
                  .formatted(pool.asWritten())
              : "is '%s', which is no pool; the pools are %s"
                  .formatted(
                      pool.asWritten(), pools.stream().sorted().collect(Collectors.joining(", "))));
    }
    return pool.text();
  }

  /** A place in the file. */
  private final class Node {

    private final String place;
    private final JsonNode json;

    Node(String place, JsonNode json) {
      this.place = place;
      this.json = json;
    }

    boolean isMissing() {
      return json.isMissingNode() || json.isNull();
    }

    Node get(String key) {
      return new Node(place.isEmpty() ? key : place + "." + key, json.path(key));
    }

    Node required() {
      if (isMissing()) {
        throw invalid("is required");
      }
      return this;
    }

    void allow(String... keys) {
      if (!json.isObject()) {
        throw invalid("must hold keys");
      }
      for (String key : json.propertyNames()) {
        if (!Set.of(keys).contains(key)) {
          throw get(key).invalid("is not a key here; there are " + String.join(", ", keys));
        }
      }
    }

    List<Node> list() {
      if (isMissing()) {
        return List.of();
      }
      if (!json.isArray()) {
        throw invalid("must be a list");
      }
      List<Node> members = new ArrayList<>();
      for (int i = 0; i < json.size(); i++) {
        members.add(new Node("%s[%d]".formatted(place, i), json.get(i)));
      }
      return members;
    }

    Map<String, Node> map() {
      Map<String, Node> members = new LinkedHashMap<>();
      if (!isMissing()) {
        if (!json.isObject()) {
          throw invalid("must hold keys");
        }
        json.propertyNames().forEach(key -> members.put(key, get(key)));
      }
      return members;
    }

    /** Before variables are replaced: what they stand for may be secret. */
    String asWritten() {
      return json.asString();
    }

    String text() {
      if (!json.isValueNode() || isMissing()) {
        throw invalid("must be a text");
      }
      String written = json.asString();
      if (written.contains("#{")) {
        throw invalid("holds '#{', which is not evaluated and so refused");
      }
      Matcher variables = VARIABLE.matcher(written);
      return variables.replaceAll(
          variable -> Matcher.quoteReplacement(environmentValue(variable.group(1))));
    }

    private String environmentValue(String name) {
      String value = environment.apply(name);
      if (value == null) {
        throw invalid("needs the environment variable " + name + ", which is not set");
      }
      return value;
    }

    /** An id: it travels in headers as an RFC 9651 token. */
    String token() {
      String text = text();
      if (!text.matches("[A-Za-z*][A-Za-z0-9_.:/*-]*")) {
        throw invalid(
            "is '%s'; an id starts with a letter and goes on with letters, digits, '-', '_' or '.'"
                .formatted(asWritten()));
      }
      return text;
    }

    URI url() {
      String text = text();
      try {
        URI url = URI.create(text);
        if (Set.of("http", "https").contains(String.valueOf(url.getScheme()))
            && url.getHost() != null
            && Set.of("", "/").contains(url.getRawPath())) {
          return URI.create(text.replaceFirst("/$", ""));
        }
      } catch (IllegalArgumentException e) {
        throw invalid("is not a URL; write http://HOST:PORT");
      }
      throw invalid("is '%s'; write http://HOST:PORT".formatted(asWritten()));
    }

    PostgresUrl database() {
      try {
        return PostgresUrl.parse(text());
      } catch (IllegalArgumentException e) {
        throw invalid(": " + e.getMessage());
      }
    }

    Duration duration() {
      try {
        Duration duration = DurationStyle.detectAndParse(text());
        if (!duration.isNegative()) {
          return duration;
        }
      } catch (IllegalArgumentException e) {
        throw invalid("is '%s'; write a duration such as 100ms or 2s".formatted(asWritten()));
      }
      throw invalid("is negative");
    }

    <T> T oneOf(Map<String, T> choices) {
      T choice = choices.get(text());
      if (choice == null) {
        throw invalid(
            "is '%s'; there are %s"
                .formatted(
                    asWritten(),
                    choices.keySet().stream().sorted().collect(Collectors.joining(", "))));
      }
      return choice;
    }

    RoutesInvalid invalid(String why) {
      return new RoutesInvalid(
          "routes.yaml: %s%s%s."
              .formatted(
                  place.isEmpty() ? "the file" : place, why.startsWith(":") ? "" : " ", why));
    }
  }
}
