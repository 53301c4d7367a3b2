package dev.freshet.sync.verify;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.postgres.TextSearch;
import dev.freshet.sync.apply.Applier;
import dev.freshet.sync.connection.Connections;
import dev.freshet.sync.model.ReadModel;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.slot.ConsistentSnapshot;
import dev.freshet.sync.source.SourceTable;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Compares, by a hash of each row's text under the pinned session settings: equality of copies that
 * live in different databases, and of types that know no equality.
 */
public final class Verification {

  private static final int ROWS_FETCHED = 10_000;

  /** How long the source's snapshot may be waited for: transactions open there hold it up. */
  private static final Duration LONGEST_WAIT = Duration.ofSeconds(30);

  /** How long a wait for the source's snapshot may keep changes from being applied. */
  private static final Duration LONGEST_STANDSTILL = Duration.ofMillis(500);

  private static final String QUERY_CANCELED = "57014";

  private final Supplier<Optional<PostgresUrl>> primary;
  private final PostgresUrl readDatabase;
  private final String slot;

  /**
   * Compares nothing yet.
   *
   * @param primary the server that is the primary now; empty where none is known
   * @param slot a name that what is made on the primary begins with
   */
  public Verification(
      Supplier<Optional<PostgresUrl>> primary, PostgresUrl readDatabase, String slot) {
    this.primary = primary;
    this.readDatabase = readDatabase;
    this.slot = slot;
  }

  /** No server is known that is the source itself. */
  public static final class NoPrimary extends RuntimeException {

    private static final long serialVersionUID = 1L;

    NoPrimary() {
      super(
          "This read database follows a log, and none of its --seed is the primary: there is nothing to compare it with. Name the primary as a --seed.");
    }
  }

  /** Whether there is a source to compare with. */
  public boolean hasPrimary() {
    return primary.get().isPresent();
  }

  /**
   * Compares a model's table with its SELECT over the mirrors, in one statement.
   *
   * @param select as the read database can answer it
   */
  public Difference ofModel(ReadModel model, String select) throws SQLException {
    String key =
        model.key().stream()
            .map(column -> "r." + TableName.quoted(column))
            .collect(Collectors.joining(", ", "row(", ")::text"));
    try (Connection connection = Connections.open(readDatabase, "freshet-sync-verify")) {
      return ofModel(connection, model, key, select);
    }
  }

  private static Difference ofModel(
      Connection connection, ReadModel model, String key, String select) throws SQLException {
    String sql =
        """
        with stored as (select %1$s as k, md5((r.*)::text) as h from %2$s r),
        computed as (select %1$s as k, md5((r.*)::text) as h from (%3$s) r)
        select count(s.k), count(*) filter (where s.k is null), count(*) filter (where c.k is null),
          count(*) filter (where s.h <> c.h)
        from stored s full join computed c on c.k = s.k
        """
            .formatted(key, "(%s)".formatted(stored(connection, model)), select);
    try (Statement statement = connection.createStatement();
        ResultSet counts = statement.executeQuery(sql)) {
      counts.next();
      return new Difference(
          model.name(), counts.getLong(1), counts.getLong(2), counts.getLong(3), counts.getLong(4));
    }
  }

  /**
   * Compares with the source at one position: the mirrors of these tables, and the models' tables
   * with their SELECTs there.
   *
   * @throws TimeoutException when the source gives no snapshot, or the sync does not get there
   * @throws NoPrimary when there is no source to compare with
   */
  public List<Difference> ofSource(
      Applier applier, Collection<SourceTable> tables, Collection<ReadModel> models)
      throws SQLException, TimeoutException {
    CompletableFuture<Connection> reached = new CompletableFuture<>();
    try (ConsistentSnapshot source = atOnePosition(applier, reached);
        Connection stored = await(reached)) {
      List<Difference> differences = new ArrayList<>();
      for (SourceTable table : tables) {
        String columns =
            table.storedColumns().stream()
                .map(column -> TableName.quoted(column.name()))
                .collect(Collectors.joining(", "));
        String sql =
            rows("select %s from %s".formatted(columns, table.name().quoted()), table.key());
        differences.add(merge(table.name().toString(), stored, sql, source.connection(), sql));
      }
      for (ReadModel model : models) {
        differences.add(
            merge(
                model.name(),
                stored,
                rows(stored(stored, model), model.key()),
                source.connection(),
                rows(model.select(), model.key())));
      }
      return differences;
    }
  }

  /** A model's rows as they are stored, without what is only kept to search them. */
  private static String stored(Connection connection, ReadModel model) throws SQLException {
    if (model.search() == null) {
      return "select * from " + model.quotedName();
    }
    try (PreparedStatement statement =
        connection.prepareStatement(
            """
            select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
            where attrelid = to_regclass(?) and attnum > 0 and not attisdropped and attname <> ?
            """)) {
      statement.setString(1, model.quotedName());
      statement.setString(2, TextSearch.COLUMN);
      try (ResultSet row = statement.executeQuery()) {
        row.next();
        return "select %s from %s".formatted(row.getString(1), model.quotedName());
      }
    }
  }

  /** No batch is applied until the position is known at which the next one has to stop. */
  private ConsistentSnapshot atOnePosition(Applier applier, CompletableFuture<Connection> reached)
      throws SQLException, TimeoutException {
    PostgresUrl source = primary.get().orElseThrow(NoPrimary::new);
    List<SQLException> failure = new ArrayList<>();
    List<ConsistentSnapshot> taken = new ArrayList<>();
    long end = System.nanoTime() + LONGEST_WAIT.toNanos();
    while (taken.isEmpty()) {
      failure.clear();
      applier.between(
          kept -> {
            try {
              ConsistentSnapshot snapshot =
                  ConsistentSnapshot.now(source, slot + "_verify", LONGEST_STANDSTILL);
              taken.add(snapshot);
              kept.stopAt(snapshot.at(), () -> hand(reached));
            } catch (SQLException e) {
              failure.add(e);
            }
          });
      if (!failure.isEmpty() && !isCanceled(failure.getFirst())) {
        throw failure.getFirst();
      }
      if (taken.isEmpty() && System.nanoTime() > end) {
        throw new TimeoutException("Transactions that are open on the source hold a snapshot up");
      }
    }
    return taken.getFirst();
  }

  /** The source gave the snapshot up for a transaction that is open there. */
  private static boolean isCanceled(SQLException e) {
    return QUERY_CANCELED.equals(e.getSQLState());
  }

  /** Whoever waited may have given up meanwhile. */
  private void hand(CompletableFuture<Connection> reached) {
    if (reached.isDone()) {
      return;
    }
    Connection reading = reading();
    if (!reached.complete(reading)) {
      try {
        reading.close();
      } catch (SQLException e) {
        throw new IllegalStateException(e.getMessage(), e);
      }
    }
  }

  private Connection reading() {
    try {
      Connection connection = Connections.open(readDatabase, "freshet-sync-verify");
      connection.setAutoCommit(false);
      try (Statement statement = connection.createStatement()) {
        statement.execute("set transaction isolation level repeatable read read only");
        statement.execute("select 1");
      }
      return connection;
    } catch (SQLException e) {
      throw new IllegalStateException(e.getMessage(), e);
    }
  }

  private static Connection await(CompletableFuture<Connection> reached)
      throws SQLException, TimeoutException {
    try {
      return reached.get(LONGEST_WAIT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      reached.cancel(false);
      throw new TimeoutException("The sync did not get to the position to compare at in time");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SQLException("Interrupted", e);
    } catch (ExecutionException e) {
      throw new SQLException(e.getCause());
    }
  }

  /** Key and hash of each row, in an order that is the same in every database. */
  private static String rows(String select, List<String> key) {
    return """
    select k, h from (
      select row(%s)::text collate "C" as k, md5((r.*)::text) as h from (%s) r) hashed
    order by k
    """
        .formatted(
            key.stream()
                .map(column -> "r." + TableName.quoted(column))
                .collect(Collectors.joining(", ")),
            select);
  }

  private static Difference merge(
      String what, Connection stored, String storedSql, Connection source, String sourceSql)
      throws SQLException {
    long rows = 0;
    long missing = 0;
    long extra = 0;
    long different = 0;
    try (Statement here = stored.createStatement();
        Statement there = source.createStatement()) {
      here.setFetchSize(ROWS_FETCHED);
      there.setFetchSize(ROWS_FETCHED);
      try (ResultSet is = here.executeQuery(storedSql);
          ResultSet should = there.executeQuery(sourceSql)) {
        boolean moreStored = is.next();
        boolean moreSource = should.next();
        while (moreStored || moreSource) {
          int order =
              !moreStored ? 1 : !moreSource ? -1 : compareBytes(is.getBytes(1), should.getBytes(1));
          if (order == 0 && !is.getString(2).equals(should.getString(2))) {
            different++;
          }
          missing += order > 0 ? 1 : 0;
          extra += order < 0 ? 1 : 0;
          rows += order <= 0 ? 1 : 0;
          moreStored = order <= 0 ? is.next() : moreStored;
          moreSource = order >= 0 ? should.next() : moreSource;
        }
      }
    }
    return new Difference(what, rows, missing, extra, different);
  }

  /** As collation C has it. */
  private static int compareBytes(byte[] a, byte[] b) {
    return Arrays.compareUnsigned(a, b);
  }
}
