package dev.freshet.sync.apply;

import dev.freshet.protocol.ReadDatabase;
import java.sql.Connection;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.SingleConnectionDataSource;

/**
 * What a read database knows of itself, in its schema {@code freshet}, all on one connection.
 *
 * @param sql the connection
 */
public record Stores(
    Sql sql,
    PositionStore positions,
    ModelStore models,
    MirrorStore mirrors,
    DeadLetters deadLetters,
    EventLog events,
    FollowedRows followers,
    Collations collations)
    implements AutoCloseable {

  /**
   * Works on a connection of its own, which {@link #close} closes.
   *
   * @param connection to the read database, with the pinned session settings
   */
  public static Stores on(Connection connection) {
    JdbcClient db = JdbcClient.create(new SingleConnectionDataSource(connection, true));
    Sql sql = new Sql(connection);
    return new Stores(
        sql,
        new PositionStore(db),
        new ModelStore(db),
        new MirrorStore(db),
        new DeadLetters(db),
        new EventLog(sql),
        new FollowedRows(sql),
        new Collations(db, sql));
  }

  /** Makes the schemas and tables where they are not there yet. */
  public void install() {
    positions.install();
    models.install();
    mirrors.install();
    deadLetters.install();
    events.install();
    followers.install();
    collations.install();
    sql.run(ReadDatabase.POSITION_FUNCTION_SQL);
    // Roles of clients call it, whatever they may read; the tables stay closed to them.
    sql.run("grant usage on schema freshet to public");
    sql.run("create schema if not exists read");
    BuildingModel.dropLeftOvers(sql);
  }

  @Override
  public void close() {
    sql.close();
  }
}
