package dev.freshet.gateway.routing.file;

import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.routing.file.Yaml.Mark;
import dev.freshet.protocol.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import java.net.URI;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the pools of a file. */
final class PoolSections {

  private final Findings findings;
  private final Map<String, Mark> instanceIds = new HashMap<>();

  PoolSections(Findings findings) {
    this.findings = findings;
  }

  /**
   * Those that the file names, and those that are there anyway.
   *
   * @param section of the file; empty when it has none
   * @param others that the file may leave out
   */
  Map<String, List<InstanceSpec>> read(
      Optional<Section> section, Map<String, List<InstanceSpec>> others) {
    Map<String, List<InstanceSpec>> pools = new LinkedHashMap<>(others);
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
      findings.add(section.at("id"), "'%s' is the id of another instance, too".formatted(id));
    }
    Optional<URI> url =
        section.scalar("url").flatMap(written -> findings.valid(written, Findings::url));
    Optional<Yaml.Scalar> jdbc =
        section.section("position").flatMap(position -> position.scalar("jdbc"));
    Optional<PostgresUrl> database =
        jdbc.flatMap(written -> findings.valid(written, PostgresUrl::parse));
    SourceKind kind = section.text("kind").map(SourceKind::parse).orElse(SourceKind.PRIMARY);
    int weight = section.text("weight").map(Integer::parseInt).orElse(InstanceSpec.USUAL_WEIGHT);
    int limit = section.text("limit").map(Integer::parseInt).orElse(InstanceSpec.NO_LIMIT);
    return url.map(at -> new InstanceSpec(id, at, kind, database.orElse(null), weight, limit));
  }
}
