package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.Route;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.file.Yaml.Mark;
import dev.freshet.protocol.PostgresUrl;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code routes.yaml}, and says all that is wrong with it. */
public final class RoutesFile {

  private final Surroundings surroundings;
  private final Findings findings = new Findings();

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

  private Routes routes(Section file) {
    Map<String, List<InstanceSpec>> pools =
        new PoolSections(findings).read(file.section("pools"), surroundings.pools());
    Optional<PostgresUrl> primary =
        file.scalar("primary").flatMap(url -> findings.valid(url, PostgresUrl::parse));
    List<URI> sync = new ArrayList<>();
    file.list("sync")
        .forEach(url -> findings.valid((Yaml.Scalar) url, Findings::url).ifPresent(sync::add));
    Map<String, Route> routes = new LinkedHashMap<>();
    RouteSections sections = new RouteSections(findings, surroundings, pools);
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
    return new Routes(List.copyOf(routes.values()), primary.orElse(null), sync, pools);
  }
}
