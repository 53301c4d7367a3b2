package dev.freshet.gateway.routing.file;

import dev.freshet.file.Findings;
import dev.freshet.file.Section;
import dev.freshet.file.Yaml;
import dev.freshet.file.Yaml.Mark;
import dev.freshet.gateway.pool.Endpoint;
import dev.freshet.gateway.pool.Endpoint.Protocol;
import dev.freshet.gateway.pool.InstanceSpec;
import dev.freshet.gateway.pool.Limit;
import dev.freshet.gateway.pool.Panic;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.protocol.SourceKind;
import dev.freshet.runtime.tls.PemFiles;
import java.net.URI;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the pools of a file. */
final class PoolSections {

  private final Findings findings;
  private final Surroundings surroundings;
  private final Map<String, Mark> instanceIds = new HashMap<>();

  /**
   * Prepares to read.
   *
   * @param surroundings say which folder names of files are relative to, and whether they are read
   */
  PoolSections(Findings findings, Surroundings surroundings) {
    this.findings = findings;
    this.surroundings = surroundings;
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

  /**
   * When all instances of a pool are asked, by pool, where the file says so.
   *
   * @param section of the file; empty when it has none
   */
  Map<String, Panic> panics(Optional<Section> section) {
    Map<String, Panic> panics = new LinkedHashMap<>();
    section
        .map(Section::values)
        .orElse(Map.of())
        .forEach(
            (name, pool) ->
                Section.of(pool)
                    .scalar("panic")
                    .flatMap(written -> findings.valid(written, Panic::parse))
                    .ifPresent(panic -> panics.put(name, panic)));
    return panics;
  }

  private Optional<InstanceSpec> instance(Section section) {
    String id = section.requiredText("id");
    if (instanceIds.putIfAbsent(id, section.at("id")) != null) {
      findings.add(section.at("id"), "'%s' is the id of another instance, too".formatted(id));
    }
    Optional<URI> url =
        section.scalar("url").flatMap(written -> findings.valid(written, WrittenValues::url));
    Optional<Yaml.Scalar> jdbc =
        section.section("position").flatMap(position -> position.scalar("jdbc"));
    Optional<PostgresUrl> database =
        jdbc.flatMap(written -> findings.valid(written, PostgresUrl::parse));
    SourceKind kind = section.text("kind").map(SourceKind::parse).orElse(SourceKind.PRIMARY);
    int weight = section.text("weight").map(Integer::parseInt).orElse(InstanceSpec.USUAL_WEIGHT);
    Limit limit = section.text("limit").map(Limit::parse).orElse(Limit.NONE);
    return url.flatMap(at -> endpoint(section, at))
        .map(at -> new InstanceSpec(id, at, kind, database.orElse(null), weight, limit));
  }

  private Optional<Endpoint> endpoint(Section section, URI url) {
    Protocol protocol = section.text("protocol").map(Protocol::parse).orElse(Protocol.HTTP_1_1);
    boolean isSecure = "https".equals(url.getScheme());
    if (protocol == (isSecure ? Protocol.H2C : Protocol.H2)) {
      findings.add(
          section.at("protocol"),
          isSecure
              ? "h2c is HTTP/2 without TLS, and the URL says https; write h2"
              : "h2 is HTTP/2 with TLS, and the URL says http; write h2c, or https in the URL");
    }
    Optional<Section> tls = section.section("tls");
    if (tls.isPresent() && !isSecure) {
      findings.add(section.at("tls"), "tls belongs to a URL with https");
    }
    if (tls.isEmpty()) {
      return Optional.of(new Endpoint(url, protocol, null));
    }
    return files(tls.get()).map(files -> new Endpoint(url, protocol, files));
  }

  private Optional<PemFiles> files(Section tls) {
    try {
      PemFiles files = new PemFiles(file(tls, "certificate"), file(tls, "key"), file(tls, "ca"));
      if (surroundings.files() == Surroundings.Files.READ) {
        PemFiles.Material ignored = files.read();
      }
      return Optional.of(files);
    } catch (IllegalArgumentException e) {
      findings.add(tls.at(), String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private @Nullable Path file(Section tls, String key) {
    return tls.text(key).map(surroundings.folder()::resolve).orElse(null);
  }
}
