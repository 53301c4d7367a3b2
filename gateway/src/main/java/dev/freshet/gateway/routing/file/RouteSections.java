package dev.freshet.gateway.routing.file;

import dev.freshet.file.Findings;
import dev.freshet.file.Nearest;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.Access;
import dev.freshet.gateway.routing.Conditions;
import dev.freshet.gateway.routing.Consistency;
import dev.freshet.gateway.routing.Cors;
import dev.freshet.gateway.routing.FilterSpec;
import dev.freshet.gateway.routing.GraphQl;
import dev.freshet.gateway.routing.Intent;
import dev.freshet.gateway.routing.Level;
import dev.freshet.gateway.routing.Otherwise;
import dev.freshet.gateway.routing.Rate;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.SessionBy;
import dev.freshet.protocol.SourceKind;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.cloud.gateway.filter.FilterDefinition;
import org.springframework.web.util.pattern.PathPattern;
import org.springframework.web.util.pattern.PathPatternParser;
import org.springframework.web.util.pattern.PatternParseException;

/** Reads the routes of a file, one by one. */
final class RouteSections {

  private static final Duration LONGEST_RATE = Duration.ofHours(1);
  private static final Duration DEFAULT_WAIT = Duration.ofMillis(100);
  private static final Duration DEFAULT_MAX_STALENESS = Duration.ofSeconds(10);
  private static final String UNBOUNDED = "none";
  private static final Duration DEFAULT_PREFLIGHT_AGE = Duration.ofMinutes(10);
  private static final Set<Level> DEFAULT_ALLOWED =
      Set.of(Level.EVENTUAL, Level.BOUNDED, Level.SESSION);

  private final Findings findings;
  private final Surroundings surroundings;
  private final Map<String, List<InstanceSpec>> pools;
  private final boolean hasIssuer;

  /**
   * Reads routes.
   *
   * @param pools that they may name
   * @param hasIssuer whether the file says who issues tokens
   */
  RouteSections(
      Findings findings,
      Surroundings surroundings,
      Map<String, List<InstanceSpec>> pools,
      boolean hasIssuer) {
    this.findings = findings;
    this.surroundings = surroundings;
    this.pools = Map.copyOf(pools);
    this.hasIssuer = hasIssuer;
  }

  /** One route; empty when it has no path that can be used. */
  Optional<Route> read(Section section) {
    Optional<PathPattern> path =
        section.scalar("path").flatMap(written -> findings.valid(written, RouteSections::pattern));
    Map<String, Intent> methods = new HashMap<>();
    section
        .section("methods")
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (method, intent) ->
                methods.put(method.toUpperCase(Locale.ROOT), intent((Yaml.Scalar) intent)));
    Optional<Route.Read> read = section.section("read").map(this::reads);
    section.section("read").ifPresent(reads -> requireThatEventsMayBeTold(section, reads));
    Optional<Route.Write> write = section.section("write").map(this::writes);
    Access access = access(section);
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
                graphQl(section),
                read.orElse(null),
                write.orElse(null),
                isWebSocket(section, filters),
                by,
                access,
                section.section("rate").map(rate -> rate(rate, access)).orElse(null),
                section.section("cors").map(this::cors).orElse(null),
                filters));
  }

  private boolean isWebSocket(Section section, List<FilterSpec> filters) {
    boolean passes = isTrue(section, "websocket");
    if (passes && !filters.isEmpty()) {
      findings.add(
          section.at("websocket"),
          "a route on which WebSockets pass takes no filters; put them on a route of their own");
    }
    if (passes && section.get("intent").isPresent() && section.get("write").isEmpty()) {
      findings.add(
          section.at("websocket"),
          "mutations may come by a WebSocket, which counts as a write here, and this route takes none; add write");
    }
    return passes;
  }

  private @Nullable GraphQl graphQl(Section section) {
    Map<String, Intent> persisted = new HashMap<>();
    section
        .section("persisted")
        .map(Section::values)
        .orElse(Map.of())
        .forEach((id, intent) -> persisted.put(id, intent((Yaml.Scalar) intent)));
    boolean isGraphQl = section.get("intent").isPresent();
    if (!isGraphQl && !persisted.isEmpty()) {
      findings.add(
          section.at("persisted"), "persisted belongs to GraphQL; add intent: graphql beside it");
    }
    return isGraphQl ? new GraphQl(persisted) : null;
  }

  private static boolean isTrue(Section section, String name) {
    return section.scalar(name).map(Yaml.Scalar::value).stream().anyMatch(Boolean.TRUE::equals);
  }

  private static Intent intent(Yaml.Scalar written) {
    return Section.text(written).equals(Intent.READ.text()) ? Intent.READ : Intent.WRITE;
  }

  private Access access(Section section) {
    Optional<Yaml> access = section.get("access");
    if (access.isEmpty() && surroundings.exposure().isToBeGuarded()) {
      findings.add(
          section.at(),
          "the gateway listens on %s, beyond loopback, and this route does not say who may use it; add access: public if it is meant for everybody, or start with --insecure"
              .formatted(surroundings.exposure().listen().getHostAddress()));
    }
    if (access.isEmpty() || !(access.get() instanceof Yaml.Mapping)) {
      return new Access.Open();
    }
    Section scopes = Section.of(access.get());
    if (!hasIssuer) {
      findings.add(
          scopes.at(),
          "tokens are asked for here, and the file does not say whose; add jwt with issuer and audience beside routes");
    }
    for (Intent intent : Intent.values()) {
      if (section.get(intent.text()).isPresent() && scopes.get(intent.text()).isEmpty()) {
        findings.add(
            scopes.at(),
            "this does not say who may %s; add %s with the scopes that are needed, or [] for anybody with a token"
                .formatted(intent.text(), intent.text()));
      }
    }
    return new Access.Scoped(scopes.texts(Intent.READ.text()), scopes.texts(Intent.WRITE.text()));
  }

  private Duration duration(Section section, String name, Duration otherwise) {
    return section
        .scalar(name)
        .flatMap(written -> findings.valid(written, WrittenValues::duration))
        .orElse(otherwise);
  }

  private Rate rate(Section section, Access access) {
    Duration per = duration(section, "per", Duration.ofSeconds(1));
    if (per.isZero() || per.compareTo(LONGEST_RATE) > 0) {
      findings.add(section.at("per"), "per is a time of up to an hour, such as 1s or 10m");
    }
    boolean byPrincipal = section.requiredText("by").equals("principal");
    if (byPrincipal && access instanceof Access.Open) {
      findings.add(
          section.at("by"),
          "nobody is asked here who they are; say in access which tokens the route takes, or count by: address");
    }
    return new Rate(
        Integer.parseInt(section.requiredText("requests")),
        per,
        byPrincipal ? Rate.By.PRINCIPAL : Rate.By.ADDRESS);
  }

  private Cors cors(Section section) {
    List<String> origins = section.texts("origins");
    boolean credentials = isTrue(section, "credentials");
    if (credentials && origins.contains("*")) {
      findings.add(
          section.at("origins"),
          "with credentials the origins have to be named: any page could use them otherwise");
    }
    return new Cors(origins, credentials, duration(section, "max-age", DEFAULT_PREFLIGHT_AGE));
  }

  private Conditions conditions(Section section) {
    Map<String, String> headers = new HashMap<>();
    section
        .section("headers")
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (name, value) -> {
              if (name.contains("_")) {
                findings.add(
                    value.at(),
                    "the gateway drops headers whose names hold an underscore, so that no request meets this; write %s and send that"
                        .formatted(name.replace('_', '-')));
              }
              headers.put(name, Section.text((Yaml.Scalar) value));
            });
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

  private Route.Read reads(Section section) {
    Consistency consistency =
        section
            .scalar("consistency")
            .flatMap(written -> findings.valid(written, RouteSections::consistency))
            .orElse(Consistency.of(Level.SESSION));
    Set<Level> allowed = new TreeSet<>();
    section.texts("allow").forEach(level -> allowed.add(Level.parse(level)));
    if (allowed.isEmpty()) {
      allowed.addAll(DEFAULT_ALLOWED);
    }
    allowed.add(consistency.level());
    Duration wait = duration(section, "wait", DEFAULT_WAIT);
    Otherwise otherwise =
        section
            .text("otherwise")
            .map(text -> Otherwise.valueOf(text.toUpperCase(Locale.ROOT)))
            .orElse(Otherwise.PRIMARY);
    return new Route.Read(
        pool(section),
        consistency,
        allowed,
        wait,
        otherwise,
        maxStaleness(section),
        section.section("hedge").map(this::hedgeAfter).orElse(null),
        section.section("mirror").map(this::mirrored).orElse(null),
        isTrue(section, "events"));
  }

  /** They show rows as they were written, whatever policies the read models have. */
  private void requireThatEventsMayBeTold(Section route, Section reads) {
    if (!isTrue(reads, "events")) {
      return;
    }
    if (route.get("access").isEmpty()) {
      findings.add(
          reads.at("events"),
          "events bypass the policies of read models, and this route does not say who may read them; add access");
    }
    for (String other : List.of("hedge", "mirror")) {
      if (reads.get(other).isPresent()) {
        findings.add(reads.at(other), "events are followed at one instance; leave out " + other);
      }
    }
    List<InstanceSpec> instances = pools.getOrDefault(reads.requiredText("pool"), List.of());
    if (!instances.isEmpty()
        && instances.stream().noneMatch(it -> it.kind() == SourceKind.READ_DATABASE)) {
      findings.add(reads.at("pool"), "only read databases have events, and this pool has none");
    }
  }

  private @Nullable Duration maxStaleness(Section section) {
    return section.text("max-staleness").stream().anyMatch(UNBOUNDED::equals)
        ? null
        : duration(section, "max-staleness", DEFAULT_MAX_STALENESS);
  }

  private Duration hedgeAfter(Section section) {
    Duration after = duration(section, "after", Duration.ZERO);
    if (after.isZero()) {
      findings.add(
          section.at("after"), "without a delay each read would be sent twice; write such as 50ms");
    }
    return after;
  }

  private Route.Read.Mirrored mirrored(Section section) {
    return new Route.Read.Mirrored(
        pool(section), section.text("percent").map(Integer::parseInt).orElse(100));
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

  private Route.Write writes(Section section) {
    String pool = pool(section);
    List<InstanceSpec> instances = pools.getOrDefault(pool, List.of());
    for (InstanceSpec instance : instances) {
      if (instance.kind() != SourceKind.PRIMARY) {
        findings.add(
            section.at("pool"),
            "pool %s takes writes, and %s in it stands on a %s, which takes none"
                .formatted(pool, instance.id(), instance.kind().wireName()));
      }
    }
    return new Route.Write(pool);
  }

  private String pool(Section section) {
    Yaml.Scalar pool = section.scalar("pool").orElseThrow();
    if (!pools.containsKey(Section.text(pool))) {
      findings.add(
          pool.at(),
          pools.isEmpty()
              ? "there is no pool '%s', and none at all; name instances under 'pools'"
                  .formatted(pool.written())
              : "there is no pool '%s'%s".formatted(pool.written(), otherwise(pool.written())));
    }
    return Section.text(pool);
  }

  private String otherwise(String pool) {
    return switch (pool) {
      case "writers" ->
          ": up has it where there are commands; put them into commands/, or name your own backend's instances under 'pools'";
      case "readers" -> ": up has it; for a gateway alone, name instances under 'pools'";
      default -> Nearest.of(pool, pools.keySet());
    };
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
      findings.add(filter.at(), misfit);
      return Optional.empty();
    }
    return Optional.of(spec);
  }
}
