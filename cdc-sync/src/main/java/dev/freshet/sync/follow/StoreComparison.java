package dev.freshet.sync.follow;

import dev.freshet.postgres.PostgresUrl;
import dev.freshet.search.RowDocument;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.search.StoredDocuments;
import dev.freshet.sync.source.Place;
import dev.freshet.sync.verify.Difference;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.stream.Collectors;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;
import org.springframework.util.DigestUtils;

/**
 * Compares a model's rows in a store with the read database's at one place: by its key a hash of
 * each row's JSON as readers get it. What the store has is copied to a temporary table, so that
 * PostgreSQL compares, within its {@code work_mem} and its disk.
 */
final class StoreComparison implements AutoCloseable {

  private final FollowedModel model;
  private final Place place;
  private final Connection connection;
  private final StoredDocuments stored;

  private StoreComparison(
      FollowedModel model, Place place, Connection connection, StoredDocuments stored) {
    this.model = model;
    this.place = place;
    this.connection = connection;
    this.stored = stored;
  }

  /**
   * Takes hold of the rows on both sides; to be called while the store is at the snapshot's place.
   *
   * @param stored closed with this, or when this fails
   */
  static StoreComparison begin(
      PostgresUrl readDatabase, Snapshot snapshot, FollowedModel model, StoredDocuments stored)
      throws SQLException {
    try {
      Connection connection = snapshot.connectBeside(readDatabase, model.model().name());
      return new StoreComparison(model, snapshot.at().place(), connection, stored);
    } catch (SQLException | RuntimeException e) {
      stored.close();
      throw e;
    }
  }

  /** The place that both are compared at. */
  Place place() {
    return place;
  }

  /**
   * Compares.
   *
   * @throws dev.freshet.sync.search.SinkFailed when the store does not give its rows
   */
  Difference run() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("create temp table stored (id uuid, hash uuid) on commit drop");
      copyStored();
      try (ResultSet counts =
          statement.executeQuery(
              """
              with should as (
                select md5(case when octet_length(id) <= %d then id
                  else '#' || encode(sha256(convert_to(id, 'UTF8')), 'hex') end)::uuid as id, hash
                from (select array_to_json(array[%s])::text as id, md5(row_to_json(r.*)::text)::uuid as hash
                  from (select %s from %s) r) hashed)
              select count(s.id), count(*) filter (where s.id is null), count(*) filter (where c.id is null),
                count(*) filter (where s.hash <> c.hash)
              from stored s full join should c on c.id = s.id
              """
                  .formatted(
                      RowDocument.LONGEST_ID,
                      model.model().key().stream()
                          .map(TableName::quoted)
                          // As the type prints itself: a cast writes booleans out, and cuts blanks.
                          .map(
                              "case when r.%1$s is not null then format('%%s', r.%1$s) end"
                                  ::formatted)
                          .collect(Collectors.joining(", ")),
                      model.index().columns().keySet().stream()
                          .map(TableName::quoted)
                          .collect(Collectors.joining(", ")),
                      model.model().quotedName()))) {
        counts.next();
        return new Difference(
            model.model().name(),
            counts.getLong(1),
            counts.getLong(2),
            counts.getLong(3),
            counts.getLong(4));
      }
    }
  }

  private void copyStored() throws SQLException {
    CopyIn copy =
        connection.unwrap(PGConnection.class).getCopyAPI().copyIn("copy stored from stdin");
    try {
      for (var rows = stored.next(); !rows.isEmpty(); rows = stored.next()) {
        StringBuilder lines = new StringBuilder();
        for (StoredDocuments.Row row : rows) {
          lines.append(hash(row.id())).append('\t').append(hash(row.row())).append('\n');
        }
        byte[] bytes = lines.toString().getBytes(StandardCharsets.US_ASCII);
        copy.writeToCopy(bytes, 0, bytes.length);
      }
      copy.endCopy();
    } finally {
      if (copy.isActive()) {
        copy.cancelCopy();
      }
    }
  }

  private static String hash(String text) {
    return DigestUtils.md5DigestAsHex(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() throws SQLException {
    boolean wasInterrupted = Thread.interrupted(); // else the store could not be asked any more
    try {
      stored.close();
    } finally {
      connection.close();
      if (wasInterrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
