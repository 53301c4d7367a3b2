package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.Conditions;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.FilterSpec;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.gateway.routing.file.Yaml.Mark;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.convert.DurationStyle;
import org.springframework.cloud.gateway.filter.FilterDefinition;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/** Reads {@code routes.yaml}, and says all that is wrong with it. */
public final class RoutesFile {

  private static final Duration DEFAULT_WAIT = Duration.ofMillis(100);
  private static final Duration DEFAULT_PREFLIGHT_AGE = Duration.ofMinutes(10);
  private static final Set<Level> DEFAULT_ALLOWED =
      Set.of(Level.EVENTUAL, Level.BOUNDED, Level.SESSION);

  private final Surroundings surroundings;
  private final List<RoutesProblem> problems = new ArrayList<>();
  private final Map<String, Mark> instanceIds = new HashMap<>();

  private RoutesFile(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /**
   * A file's text.
   *
   * @throws RoutesInvalid when it can't be read
   */
  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw RoutesInvalid.at(
          Mark.START,
          "%s can't be read (%s). Name a folder that holds it with --config."
              .formatted(file, e.getClass().getSimpleName()));
    }
  }

  /**
   * Reads and checks a file's text.
   *
   * @throws RoutesInvalid when it can't be used
   */
  public static Routes read(String text, Surroundings surroundings) {
    Yaml file = Environment.expand(YamlReader.read(text), surroundings.environment());
    RoutesSchema.ROUTES.check(file);
    return new RoutesFile(surroundings).routes(Section.of(file));
  }

  private void problem(Mark at, String message) {
    problems.add(at.problem(message));
  }

  /** A value that may be wrong; where it is, that is noted, and there is none. */
  private <T> Optional<T> valid(Yaml.Scalar scalar, Function<String, T> parse) {
    try {
      return Optional.of(parse.apply(Section.text(scalar)));
    } catch (IllegalArgumentException e) {
      problem(scalar.at(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private Routes routes(Section file) {
    Map<String, List<InstanceSpec>> pools = pools(file.section("pools"));
    Optional<PostgresUrl> primary =
        file.scalar("primary").flatMap(url -> valid(url, PostgresUrl::parse));
    List<URI> sync = new ArrayList<>();
    file.list("sync")
        .forEach(url -> valid((Yaml.Scalar) url, RoutesFile::url).ifPresent(sync::add));
    Map<String, Route> routes = new LinkedHashMap<>();
    for (Section section : file.sections("routes")) {
      Optional<Route> read = route(section, pools);
      if (read.isPresent()) {
        Route route = read.get();
        routes.values().stream()
            .filter(earlier -> Reach.covers(earlier, route))
            .findFirst()
            .ifPresent(
                earlier ->
                    problem(
                        section.at("path"),
                        "route %s is never reached: %s, above it, takes all of its requests"
                            .formatted(route.id(), earlier.id())));
        if (routes.putIfAbsent(route.id(), route) != null) {
          problem(section.at("id"), "'%s' is the id of another route, too".formatted(route.id()));
        }
      }
    }
    if (!problems.isEmpty()) {
      throw new RoutesInvalid(problems);
    }
    return new Routes(List.copyOf(routes.values()), primary.orElse(null), sync, pools);
  }

  private Map<String, List<InstanceSpec>> pools(Optional<Section> section) {
    Map<String, List<InstanceSpec>> pools = new LinkedHashMap<>(surroundings.pools());
    Map<String, Yaml> named = section.map(Section::values).orElse(Map.of());
    pools.keySet().removeAll(named.keySet());
    pools.values().stream()
        .flatMap(List::stream)
        .forEach(instance -> instanceIds.put(instance.id(), Mark.START));
    named.forEach(
        (name, pool) ->
            pools.put(
                name,
                Section.of(pool).sections("instances").stream()
                    .flatMap(instance -> instance(instance).stream())
                    .toList()));
    return pools;
  }

  private Optional<InstanceSpec> instance(Section section) {
    String id = section.requiredText("id");
    if (instanceIds.putIfAbsent(id, section.at("id")) != null) {
      problem(section.at("id"), "'%s' is the id of another instance, too".formatted(id));
    }
    Optional<URI> url = section.scalar("url").flatMap(written -> valid(written, RoutesFile::url));
    Optional<Yaml.Scalar> jdbc =
        section.section("position").flatMap(position -> position.scalar("jdbc"));
    Optional<PostgresUrl> database = jdbc.flatMap(written -> valid(written, PostgresUrl::parse));
    SourceKind kind = section.text("kind").map(SourceKind::parse).orElse(SourceKind.PRIMARY);
    return url.map(at -> new InstanceSpec(id, at, kind, database.orElse(null)));
  }

  /**
   * @throws IllegalArgumentException when it can't be connected to
   */
  private static URI url(String text) {
    try {
      URI url = URI.create(text.replaceFirst("/$", ""));
      if (url.getHost() != null && url.getPort() <= 65_535) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("this is no URL; write http://HOST:PORT", e);
    }
    throw new IllegalArgumentException("this is no URL of a host; write http://HOST:PORT");
  }

  private Optional<Route> route(Section section, Map<String, List<InstanceSpec>> pools) {
    Optional<PathPattern> path =
        section.scalar("path").flatMap(written -> valid(written, RoutesFile::pattern));
    Map<String, Intent> methods = new HashMap<>();
    section
        .section("methods")
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (method, intent) ->
                methods.put(
                    method.toUpperCase(Locale.ROOT),
                    Section.text((Yaml.Scalar) intent).equals("read")
                        ? Intent.READ
                        : Intent.WRITE));
    Optional<Route.Read> read = section.section("read").map(reads -> read(reads, pools));
    Optional<Route.Write> write = section.section("write").map(writes -> write(writes, pools));
    if (section.get("access").isEmpty() && !surroundings.listen().isLoopbackAddress()) {
      problem(
          section.at(),
          "the gateway listens on %s, beyond loopback, and this route does not say who may use it; add access: public if it is meant for everybody"
              .formatted(surroundings.listen().getHostAddress()));
    }
    List<FilterSpec> filters =
        section.list("filters").stream().flatMap(filter -> filter(filter).stream()).toList();
    SessionBy by =
        section.section("session").map(session -> session.requiredText("by")).stream()
                .anyMatch("cookie"::equals)
            ? SessionBy.COOKIE
            : SessionBy.HEADER;
    return path.map(
        pattern ->
            new Route(
                section.requiredText("id"),
                pattern,
                conditions(section),
                methods,
                read.orElse(null),
                write.orElse(null),
                by,
                section.section("cors").map(this::cors).orElse(null),
                filters));
  }

  private Cors cors(Section section) {
    List<String> origins = section.texts("origins");
    boolean credentials =
        section.scalar("credentials").map(Yaml.Scalar::value).stream()
            .anyMatch(Boolean.TRUE::equals);
    if (credentials && origins.contains("*")) {
      problem(
          section.at("origins"),
          "with credentials the origins have to be named: any page could use them otherwise");
    }
    return new Cors(
        origins,
        credentials,
        section
            .scalar("max-age")
            .flatMap(written -> valid(written, RoutesFile::duration))
            .orElse(DEFAULT_PREFLIGHT_AGE));
  }

  private static Conditions conditions(Section section) {
    Map<String, String> headers = new HashMap<>();
    section
        .section("headers")
        .map(Section::values)
        .orElse(Map.of())
        .forEach((name, value) -> headers.put(name, Section.text((Yaml.Scalar) value)));
    return new Conditions(section.texts("hosts"), headers);
  }

  /**
   * @throws IllegalArgumentException when it is no pattern
   */
  private static PathPattern pattern(String text) {
    try {
      return PathPatternParser.defaultInstance.parse(text);
    } catch (PatternParseException e) {
      throw new IllegalArgumentException(
          "this is no path pattern (%s); write such as /orders/** or /orders/{id}"
              .formatted(e.getMessage()),
          e);
    }
  }

  private Route.Read read(Section section, Map<String, List<InstanceSpec>> pools) {
    Consistency consistency =
        section
            .scalar("consistency")
            .flatMap(written -> valid(written, RoutesFile::consistency))
            .orElse(Consistency.of(Level.SESSION));
    Set<Level> allowed = new TreeSet<>();
    section.texts("allow").forEach(level -> allowed.add(Level.parse(level)));
    if (allowed.isEmpty()) {
      allowed.addAll(DEFAULT_ALLOWED);
    }
    allowed.add(consistency.level());
    Duration wait =
        section
            .scalar("wait")
            .flatMap(written -> valid(written, RoutesFile::duration))
            .orElse(DEFAULT_WAIT);
    Otherwise otherwise =
        section
            .text("otherwise")
            .map(text -> Otherwise.valueOf(text.toUpperCase(Locale.ROOT)))
            .orElse(Otherwise.PRIMARY);
    return new Route.Read(pool(section, pools), consistency, allowed, wait, otherwise);
  }

  /**
   * @throws IllegalArgumentException when it is none
   */
  private static Consistency consistency(String text) {
    Consistency consistency = Consistency.parse(text);
    if (consistency.level() == Level.BOUNDED && consistency.maxStaleness() == null) {
      throw new IllegalArgumentException("bounded must say how far: bounded;max-staleness=SECONDS");
    }
    return consistency;
  }

  /**
   * @throws IllegalArgumentException when it is none
   */
  private static Duration duration(String text) {
    try {
      return DurationStyle.detectAndParse(text);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw new IllegalArgumentException("this is no duration; write one such as 100ms or 2s", e);
    }
  }

  private Route.Write write(Section section, Map<String, List<InstanceSpec>> pools) {
    String pool = pool(section, pools);
    List<InstanceSpec> instances = pools.getOrDefault(pool, List.of());
    for (InstanceSpec instance : instances) {
      if (instance.kind() != SourceKind.PRIMARY) {
        problem(
            section.at("pool"),
            "pool %s takes writes, and %s in it stands on a %s, which takes none"
                .formatted(pool, instance.id(), instance.kind().wireName()));
      }
    }
    return new Route.Write(pool);
  }

  private String pool(Section section, Map<String, List<InstanceSpec>> pools) {
    Yaml.Scalar pool = section.scalar("pool").orElseThrow();
    if (!pools.containsKey(Section.text(pool))) {
      problem(
          pool.at(),
          pools.isEmpty()
              ? "there is no pool '%s', and none at all; name instances under 'pools'"
                  .formatted(pool.written())
              : "there is no pool '%s'%s"
                  .formatted(pool.written(), Nearest.of(pool.written(), pools.keySet())));
    }
    return Section.text(pool);
  }

  private Optional<FilterSpec> filter(Yaml filter) {
    FilterSpec spec =
        switch (filter) {
          case Yaml.Scalar brief -> {
            FilterDefinition definition = new FilterDefinition(Section.text(brief));
            yield new FilterSpec(String.valueOf(definition.getName()), definition.getArgs());
          }
          default -> {
            Section section = Section.of(filter);
            Map<String, String> arguments = new LinkedHashMap<>();
            section
                .section("args")
                .map(Section::values)
                .orElse(Map.of())
                .forEach((name, value) -> arguments.put(name, Section.text((Yaml.Scalar) value)));
            yield new FilterSpec(section.requiredText("name"), arguments);
          }
        };
    Surroundings.Filters known = surroundings.filters();
    @Nullable String misfit =
        known.names().contains(spec.name())
            ? known.misfit(spec).orElse(null)
            : "there is no filter '%s'%s"
                .formatted(spec.name(), Nearest.of(spec.name(), known.names()));
    if (misfit != null) {
      problem(filter.at(), misfit);
      return Optional.empty();
    }
    return Optional.of(spec);
  }
}
