package dev.freshet.gateway.routing.file;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.Findings;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.file.Yaml.Mark;
import dev.freshet.file.YamlReader;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.gateway.routing.Issuer;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.postgres.PostgresUrl;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/** Reads {@code routes.yaml}, and says all that is wrong with it. */
public final class RoutesFile {

  private static final String NAME = "routes.yaml";
  private static final Set<String> DEFAULT_ALGORITHMS = Set.of("RS256", "ES256");
  private static final Set<String> LOOPBACK = Set.of("127.0.0.1", "localhost", "[::1]");
  private static final String NOT_TRUSTED =
      "keys are fetched from here, so this must be a URL with https (http on this machine alone)";

  private final Surroundings surroundings;
  private final Findings findings = new Findings();

  private RoutesFile(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  /**
   * A file's text.
   *
   * @throws FileInvalid when it can't be read
   */
  public static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw FileInvalid.at(
              Mark.START,
              "%s can't be read (%s). Name a folder that holds it with --config."
                  .formatted(file, e.getClass().getSimpleName()))
          .in(NAME);
    }
  }

  /** Where the files are that a routes file names. */
  public static Path folder(Path file) {
    return Objects.requireNonNull(file.toAbsolutePath().normalize().getParent(), "a file's folder");
  }

  /**
   * Reads and checks a file's text.
   *
   * @throws FileInvalid when it can't be used
   */
  public static Routes read(String text, Surroundings surroundings) {
    try {
      Yaml file = Environment.expand(YamlReader.read(text), surroundings.environment());
      RoutesForm.ROUTES.check(file);
      return new RoutesFile(surroundings).routes(Section.of(file));
    } catch (FileInvalid e) {
      throw e.in(NAME);
    }
  }

  private Routes routes(Section file) {
    PoolSections poolSections = new PoolSections(findings, surroundings);
    Map<String, List<InstanceSpec>> pools =
        poolSections.read(file.section("pools"), surroundings.pools());
    Map<String, Panic> panics = poolSections.panics(file.section("pools"));
    Optional<PostgresUrl> primary =
        file.scalar("primary").flatMap(url -> findings.valid(url, PostgresUrl::parse));
    List<URI> sync = new ArrayList<>();
    file.list("sync")
        .forEach(url -> findings.valid((Yaml.Scalar) url, WrittenValues::url).ifPresent(sync::add));
    List<URI> publish = new ArrayList<>();
    file.list("publish")
        .forEach(
            url -> findings.valid((Yaml.Scalar) url, WrittenValues::url).ifPresent(publish::add));
    Optional<Issuer> issuer = file.section("jwt").map(this::issuer);
    Map<String, Route> routes = new LinkedHashMap<>();
    RouteSections sections = new RouteSections(findings, surroundings, pools, issuer.isPresent());
    for (Section section : file.sections("routes")) {
      Optional<Route> read = sections.read(section);
      if (read.isPresent()) {
        Route route = read.get();
        routes.values().stream()
            .filter(earlier -> Reach.covers(earlier, route))
            .findFirst()
            .ifPresent(
                earlier ->
                    findings.add(
                        section.at("path"),
                        "route %s is never reached: %s, above it, takes all of its requests"
                            .formatted(route.id(), earlier.id())));
        if (routes.putIfAbsent(route.id(), route) != null) {
          findings.add(
              section.at("id"), "'%s' is the id of another route, too".formatted(route.id()));
        }
      }
    }
    findings.refuse();
    return new Routes(
        List.copyOf(routes.values()),
        primary.orElse(null),
        issuer.orElse(null),
        sync,
        publish,
        pools,
        panics,
        file.section("openapi").map(openApi -> openApi.requiredText("path")).orElse(null));
  }

  private Issuer issuer(Section section) {
    Optional<URI> keys =
        section.scalar("keys").flatMap(written -> findings.valid(written, RoutesFile::trusted));
    Yaml.Scalar name = section.scalar("issuer").orElseThrow();
    if (section.get("keys").isEmpty()) {
      findings.valid(name, RoutesFile::trusted);
    }
    List<String> algorithms = section.texts("algorithms");
    return new Issuer(
        Section.text(name),
        section.texts("audience"),
        keys.orElse(null),
        algorithms.isEmpty() ? DEFAULT_ALGORITHMS : Set.copyOf(algorithms));
  }

  /**
   * An address that keys are fetched from.
   *
   * @throws IllegalArgumentException when others could change them on their way
   */
  private static URI trusted(String text) {
    try {
      URI url = URI.create(text);
      if (url.getHost() != null
          && ("https".equals(url.getScheme())
              || ("http".equals(url.getScheme()) && LOOPBACK.contains(url.getHost())))) {
        return url;
      }
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(NOT_TRUSTED, e);
    }
    throw new IllegalArgumentException(NOT_TRUSTED);
  }
}
