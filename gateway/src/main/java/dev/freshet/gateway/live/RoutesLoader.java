package dev.freshet.gateway.live;

import dev.freshet.file.FileInvalid;
import dev.freshet.file.FileProblem;
import dev.freshet.gateway.access.TokenCheck;
import dev.freshet.gateway.filters.FilterCatalogue;
import dev.freshet.gateway.filters.Filters;
import dev.freshet.gateway.live.Edition.Cause;
import dev.freshet.gateway.live.Generation.Parts;
import dev.freshet.gateway.pool.Databases;
import dev.freshet.gateway.pool.Instances;
import dev.freshet.gateway.pool.Pools;
import dev.freshet.gateway.pool.Shared;
import dev.freshet.gateway.routing.Issuer;
import dev.freshet.gateway.routing.Routes;
import dev.freshet.gateway.routing.file.RoutesFile;
import dev.freshet.gateway.routing.file.Surroundings;
import dev.freshet.postgres.PostgresUrl;
import dev.freshet.runtime.source.FreshnessGate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes generations of what the routes file says. Everything that can fail does so before a
 * generation is in force; then nothing has changed.
 */
public final class RoutesLoader implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(RoutesLoader.class);

  private static final int KEPT_EDITIONS = 20;

  /** How long instances may take to answer for the first time: nothing is served yet. */
  private static final Duration PATIENCE_AT_START = Duration.ofSeconds(3);

  private static final Duration PATIENCE = Duration.ofMillis(500);

  private final Surroundings surroundings;
  private final Sources sources;
  private final LiveRoutes live;
  private final Consumer<Outcome> observer;
  private final Clock clock;
  private final Shared<PostgresUrl, FreshnessGate> primaries =
      new Shared<>(Databases::ofPrimary, FreshnessGate::close);

  private final Shared<Issuer, TokenCheck> tokens;

  /** The latest first. */
  private final Deque<Edition> editions = new ArrayDeque<>();

  /** What the file said when it was last read. */
  private String seen = "";

  private volatile @Nullable Refused refused;
  private volatile boolean pinned;

  /** Where generations have their parts from. */
  public record Sources(
      FilterCatalogue catalogue, Instances instances, Function<Issuer, TokenCheck> tokens) {}

  /** What came of a load. */
  public sealed interface Outcome {}

  /** A generation is in force. */
  public record Loaded(Edition edition) implements Outcome {}

  /** The file can't be used; what was in force still is. */
  public record Refused(Instant at, List<FileProblem> problems) implements Outcome {

    public Refused {
      problems = List.copyOf(problems);
    }
  }

  public RoutesLoader(
      Surroundings surroundings,
      Sources sources,
      LiveRoutes live,
      Consumer<Outcome> observer,
      Clock clock) {
    this.surroundings = surroundings;
    this.sources = sources;
    this.tokens = new Shared<>(sources.tokens(), check -> {});
    this.live = live;
    this.observer = observer;
    this.clock = clock;
  }

  /**
   * Puts the first generation in force.
   *
   * @throws FileInvalid when the file can't be used
   */
  public synchronized void start(String text) {
    seen = text;
    load(text, 1, Cause.START, PATIENCE_AT_START);
  }

  /** The file says something, which may be what it said before. */
  public synchronized void look(String text) {
    if (text.equals(seen)) {
      return;
    }
    seen = text;
    try {
      load(text, nextGeneration(), Cause.FILE, PATIENCE);
      pinned = false;
    } catch (FileInvalid e) {
      refuse(e.problems());
    } catch (RuntimeException e) {
      log.error("The routes could not be put in force", e);
      refuse(List.of(new FileProblem(1, 1, "it could not be put in force; the log says why")));
    }
  }

  /** The file can't be read. */
  public synchronized void lookInVain(String why) {
    if (!seen.isEmpty()) {
      seen = "";
      refuse(List.of(new FileProblem(1, 1, why)));
    }
  }

  private void refuse(List<FileProblem> problems) {
    log.warn(
        "routes.yaml can't be used; generation {} stays in force: {}",
        editions.getFirst().generation(),
        problems);
    Refused now = new Refused(clock.instant(), problems);
    refused = now;
    observer.accept(now);
  }

  /**
   * Goes back to what was in force before; it stays until the file changes.
   *
   * @return empty when there is no earlier edition
   * @throws FileInvalid when it can't be used any more
   */
  public synchronized Optional<Edition> rollBack() {
    Edition now = editions.getFirst();
    Optional<Edition> before =
        editions.stream()
            .filter(edition -> edition.generation() < now.origin())
            .filter(edition -> !edition.text().equals(now.text()))
            .findFirst();
    if (before.isEmpty()) {
      return Optional.empty();
    }
    load(before.get().text(), before.get().origin(), Cause.ROLLBACK, PATIENCE);
    pinned = true;
    return Optional.of(editions.getFirst());
  }

  private int nextGeneration() {
    return editions.isEmpty() ? 1 : editions.getFirst().generation() + 1;
  }

  private void load(String text, int origin, Cause cause, Duration patience) {
    Routes routes = RoutesFile.read(text, surroundings);
    Filters filters = Filters.of(routes, sources.catalogue());
    Edition edition =
        new Edition(
            nextGeneration(),
            origin,
            clock.instant(),
            cause,
            text,
            live.current()
                .map(before -> Changes.between(before.routes(), routes))
                .orElse(List.of()));
    PostgresUrl url = routes.primary();
    FreshnessGate primary = url == null ? null : primaries.use(url);
    Issuer issuer = routes.issuer();
    TokenCheck check = issuer == null ? null : tokens.use(issuer);
    Pools pools = sources.instances().use(routes.pools(), routes.panics(), patience);
    live.swap(
        new Generation(
            edition,
            new Parts(routes, pools, filters, check, primary),
            () -> {
              sources.instances().release(pools);
              if (issuer != null) {
                tokens.release(issuer);
              }
              if (url != null) {
                primaries.release(url);
              }
            }));
    editions.addFirst(edition);
    if (editions.size() > KEPT_EDITIONS) {
      editions.removeLast();
    }
    refused = null;
    routes.notes().forEach(log::warn);
    if (cause != Cause.START) {
      log.info("{} of the routes is in force, by {}: {}", edition, cause.text(), edition.changes());
    }
    observer.accept(new Loaded(edition));
  }

  /** What is wrong with the file as it is now; empty when it is in force, or a rollback is. */
  public Optional<Refused> refused() {
    return Optional.ofNullable(refused);
  }

  /** Whether a rollback stays in force until the file changes. */
  public boolean isPinned() {
    return pinned;
  }

  /** The latest editions, the one in force first. */
  public synchronized List<Edition> editions() {
    return List.copyOf(editions);
  }

  /** What a file is read in here. */
  public Surroundings surroundings() {
    return surroundings;
  }

  @Override
  public void close() {
    sources.instances().close();
    primaries.close();
  }
}
