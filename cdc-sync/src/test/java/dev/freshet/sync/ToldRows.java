package dev.freshet.sync;

import static org.assertj.core.api.Assertions.assertThat;

import dev.freshet.postgres.PinnedSession;
import dev.freshet.sync.contract.MemorySink;
import dev.freshet.sync.delta.DeltaListener;
import dev.freshet.sync.delta.ModelDeltas;
import dev.freshet.sync.delta.ModelShape;
import dev.freshet.sync.delta.ModelSink;
import dev.freshet.sync.source.Place;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The models' rows by what a listener was told of them; a bean of a sync. */
class ToldRows implements DeltaListener {

  private final MemorySink sink = new MemorySink();

  @Override
  public void begin(Place at) {
    sink.begin(at);
  }

  @Override
  public void changed(ModelDeltas deltas) {
    sink.apply(deltas);
  }

  /**
   * Compares with the tables of a read database where nothing is written, and takes the rows of
   * those models that were reset.
   *
   * @return how many models it compared
   */
  int requireEqual(Connection readDatabase, String... models) throws SQLException {
    int compared = 0;
    for (String model : models) {
      List<List<@Nullable String>> stored = rows(readDatabase, "select * from read." + model);
      Optional<Collection<List<@Nullable String>>> told = sink.rows(model);
      if (told.isPresent()) {
        assertThat(sorted(told.get())).as(model).isEqualTo(sorted(stored));
        compared++;
      } else {
        take(shape(readDatabase, model), stored);
      }
    }
    return compared;
  }

  private void take(ModelShape shape, List<List<@Nullable String>> rows) {
    try (ModelSink.Rebuild rebuild = sink.rebuild(shape)) {
      rebuild.add(rows);
      assertThat(rebuild.serve(sink.place().orElseThrow())).isTrue();
    }
  }

  /** In an order that rows with nulls have, too. */
  private static List<List<@Nullable String>> sorted(Collection<List<@Nullable String>> rows) {
    List<List<@Nullable String>> sorted = new ArrayList<>(rows);
    sorted.sort((one, other) -> one.toString().compareTo(other.toString()));
    return sorted;
  }

  private static ModelShape shape(Connection connection, String model) throws SQLException {
    List<String> columns =
        texts(
            connection,
            "select attname from pg_attribute where attrelid = 'read.%s'::regclass and attnum > 0 order by attnum"
                .formatted(model));
    List<String> key =
        texts(
            connection,
            """
            select a.attname from pg_index i cross join unnest(i.indkey) k(n)
            join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n
            where i.indrelid = 'read.%s'::regclass and i.indisunique
            """
                .formatted(model));
    return new ModelShape(model, columns, Collections.nCopies(columns.size(), "text"), key);
  }

  private static List<String> texts(Connection connection, String sql) throws SQLException {
    return rows(connection, sql).stream().map(row -> String.valueOf(row.getFirst())).toList();
  }

  private static List<List<@Nullable String>> rows(Connection connection, String sql)
      throws SQLException {
    List<List<@Nullable String>> rows = new ArrayList<>();
    try (Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
      try (ResultSet result = statement.executeQuery(sql)) {
        while (result.next()) {
          List<@Nullable String> row = new ArrayList<>();
          for (int i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            row.add(result.getString(i));
          }
          rows.add(row);
        }
      }
    }
    return rows;
  }
}
