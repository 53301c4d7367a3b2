package dev.freshet.sync.status;

import dev.freshet.runtime.RecentMeters;
import dev.freshet.runtime.RecentMeters.Recent;
import dev.freshet.sync.copy.Progress;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.source.Claim;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.BadSqlGrammarException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.web.reactive.function.server.RouterFunction;
import org.springframework.web.reactive.function.server.RouterFunctions;
import org.springframework.web.reactive.function.server.ServerResponse;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;

/** {@code GET /api/sync}, {@code GET /api/models} and {@code GET /api/stores}. */
public final class StatusEndpoint {

  private static final long MOST_COUNTED = 10_000;

  /** What percentiles are taken over. */
  private static final Duration DELAYS_OF = Duration.ofSeconds(30);

  private final SyncStatus status;
  private final JdbcClient readDatabase;
  private final String id;
  private final @Nullable String followed;
  private final RecentMeters delays;
  private final FollowingStores stores;

  private StatusEndpoint(
      SyncStatus status,
      JdbcClient readDatabase,
      String id,
      @Nullable String followed,
      MeterRegistry meters) {
    this.followed = followed;
    this.status = status;
    this.readDatabase = readDatabase;
    this.stores = new FollowingStores(readDatabase);
    this.id = id;
    this.delays = new RecentMeters(meters, SyncMetrics.DELAY, List.of(), DELAYS_OF);
  }

  /**
   * The routes.
   *
   * @param followed the log on a broker that is followed; null where it is the primary's own
   */
  public static RouterFunction<ServerResponse> routes(
      SyncStatus status,
      JdbcClient readDatabase,
      String id,
      @Nullable String followed,
      MeterRegistry meters,
      Scheduler blocking) {
    StatusEndpoint endpoint = new StatusEndpoint(status, readDatabase, id, followed, meters);
    return RouterFunctions.route()
        .GET("/api/sync", request -> ServerResponse.ok().bodyValue(endpoint.sync()))
        .GET(
            "/api/models",
            request ->
                Mono.fromCallable(endpoint::models)
                    .subscribeOn(blocking)
                    .flatMap(models -> ServerResponse.ok().bodyValue(models)))
        .GET(
            "/api/stores",
            request ->
                Mono.fromCallable(endpoint.stores::now)
                    .subscribeOn(blocking)
                    .flatMap(stores -> ServerResponse.ok().bodyValue(stores)))
        .build();
  }

  private Map<String, @Nullable Object> sync() {
    SyncStatus.Snapshot now = status.snapshot();
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("readDatabase", id);
    body.put("log", followed);
    body.put("state", stateName(now));
    body.put("reason", now.reason());
    body.put("since", now.since().toString());
    body.put("position", now.applied() == null ? null : now.applied().toString());
    body.put("lagSeconds", now.lagSeconds());
    body.put("lagBytes", now.lagBytes());
    Optional<Recent> delay = delays.now().flatMap(all -> all.stream().findFirst());
    body.put("readableP50Seconds", delay.map(Recent::p50Seconds).orElse(null));
    body.put("readableP99Seconds", delay.map(Recent::p99Seconds).orElse(null));
    body.put("changes", now.changes());
    body.put("deadLetters", now.letters());
    Claim claim = now.claim();
    body.put("slotRetainedBytes", claim == null ? null : claim.retainedBytes());
    body.put("slotSafeBytes", claim == null ? null : claim.safeBytes());
    body.put("slotSafeSeconds", now.slotSafeSeconds());
    body.put("slotLost", claim == null ? null : claim.lost());
    body.put("progress", now.progress() == null ? null : progress(now.progress()));
    return body;
  }

  private static Map<String, @Nullable Object> progress(Progress progress) {
    Map<String, @Nullable Object> body = new LinkedHashMap<>();
    body.put("what", progress.what());
    body.put("rows", progress.rows());
    body.put("expectedRows", progress.expectedRows() > 0 ? progress.expectedRows() : null);
    body.put("rowsPerSecond", Math.round(progress.rate()));
    body.put("secondsLeft", Double.isNaN(progress.secondsLeft()) ? null : progress.secondsLeft());
    return body;
  }

  private static String stateName(SyncStatus.Snapshot now) {
    return now.state().name().toLowerCase(Locale.ROOT);
  }

  /** One model as the API tells it; rows are the server's running count. */
  record ModelStatus(
      String name,
      @Nullable Long rows,
      String state,
      String kept,
      @Nullable Double freshnessSeconds,
      String reason,
      @Nullable String builtAt,
      List<FollowingStores.InStore> stores) {}

  private boolean isInstalled() {
    return readDatabase
        .sql("select to_regclass('freshet.model') is not null")
        .query(Boolean.class)
        .single();
  }

  /** Counted while that is cheap; beyond, the server's running count. */
  private @Nullable Long rows(String model, @Nullable Long running) {
    if (running == null) {
      return null;
    }
    try {
      long counted =
          readDatabase
              .sql(
                  "select count(*) from (select from read.%s limit %d) rows"
                      .formatted(TableName.quoted(model), MOST_COUNTED))
              .query(Long.class)
              .single();
      return counted < MOST_COUNTED ? counted : Math.max(counted, running);
    } catch (BadSqlGrammarException e) {
      return null; // dropped since the models were listed
    }
  }

  private List<ModelStatus> models() {
    SyncStatus.Snapshot now = status.snapshot();
    if (!isInstalled()) {
      return List.of();
    }
    Map<String, List<FollowingStores.InStore>> places = FollowingStores.byModel(stores.now());
    return readDatabase
        .sql(
            """
            select m.name, s.n_live_tup, m.state, m.kept, m.reason, m.built_at::text
            from freshet.model m
            left join pg_stat_user_tables s on s.schemaname = 'read' and s.relname = m.name
            order by m.name
            """)
        .query(
            (row, number) ->
                new ModelStatus(
                    row.getString(1),
                    rows(row.getString(1), row.getObject(2, Long.class)),
                    row.getString(3),
                    row.getString(4),
                    row.getString(3).equals("live") ? now.lagSeconds() : null,
                    reason(row.getString(1), row.getString(3), row.getString(5), now.views()),
                    row.getString(6),
                    places.getOrDefault(row.getString(1), List.of())))
        .list();
  }

  /** The reason shown for a model that is not served from here, and which copies answer for it. */
  static String reason(
      String model, String state, String reason, @Nullable Set<String> viewsOnSource) {
    boolean isServed = !state.equals("stopped") && !state.equals("faulty");
    if (isServed || viewsOnSource == null) {
      return reason;
    }
    return reason
        + (viewsOnSource.contains(model)
            ? " The primary and its replicas answer it, by its view there."
            : " No copy answers it: the primary has no view of it.");
  }
}
