package dev.freshet.read.model;

import dev.freshet.protocol.ModelComment;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * The models of a source, read from its catalogue and remembered for {@link #LIFETIME}; what is
 * asked for and not known is looked up again, at most once every {@link #LOOK_AGAIN}.
 */
public final class Catalogue {

  private static final Duration LIFETIME = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private static final String SQL =
      """
      select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        coalesce(declared.key, primary_key.columns), declared.version
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join lateral (
        select array(select jsonb_array_elements_text(model -> 'key')) as key,
          model ->> 'version' as version
        from (select obj_description(c.oid, 'pg_class')::jsonb -> 'freshet' as model
              where starts_with(obj_description(c.oid, 'pg_class'), ?)) comment
      ) declared on true
      left join lateral (
        select array_agg(k.attname::text order by i.place) as columns
        from (select indexrelid, indrelid, unnest(indkey) as attnum,
                generate_subscripts(indkey, 1) as place
              from pg_index where indrelid = c.oid and indisprimary) i
        join pg_attribute k on k.attrelid = i.indrelid and k.attnum = i.attnum
      ) primary_key on true
      where c.relnamespace = to_regnamespace('read') and c.relkind in ('r', 'v', 'm', 'p', 'f')
      order by c.relname, a.attnum
      """;

  private final DataSource source;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();

  private volatile Snapshot snapshot = new Snapshot(Map.of(), Instant.MIN);

  private record Snapshot(Map<String, Model> models, Instant readAt) {}

  public Catalogue(DataSource source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /**
   * The model of that name.
   *
   * @throws SQLException when the source can't be asked
   */
  public Optional<Model> find(String name) throws SQLException {
    Instant now = clock.instant();
    Model known = snapshot.models.get(name);
    Duration lifetime = known == null ? LOOK_AGAIN : LIFETIME;
    if (snapshot.readAt.isBefore(now.minus(lifetime))) {
      known = read(now).models.get(name);
    }
    return Optional.ofNullable(known);
  }

  /** Forgets what is known, because a statement found it to be wrong. */
  public void forget() {
    snapshot = new Snapshot(Map.of(), Instant.MIN);
  }

  private Snapshot read(Instant asked) throws SQLException {
    reading.lock();
    try {
      if (snapshot.readAt.isBefore(asked)) {
        snapshot = new Snapshot(query(), asked);
      }
      return snapshot;
    } finally {
      reading.unlock();
    }
  }

  private Map<String, Model> query() throws SQLException {
    Map<String, Model> models = new LinkedHashMap<>();
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(SQL)) {
      statement.setString(1, ModelComment.PREFIX);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          String name = row.getString(1);
          Model model = models.get(name);
          if (model == null) {
            model = new Model(name, new LinkedHashMap<>(), key(row.getArray(4)), row.getString(5));
            models.put(name, model);
          }
          model.columns().put(row.getString(2), row.getString(3));
        }
      }
    }
    return models;
  }

  private static List<String> key(@Nullable Array columns) throws SQLException {
    return columns == null ? List.of() : Arrays.asList((String[]) columns.getArray());
  }
}
