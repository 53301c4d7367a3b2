package dev.freshet.read.sql;

import dev.freshet.postgres.TextSearch;
import dev.freshet.protocol.ModelComment;
import dev.freshet.read.model.Model;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The models of a source, read from its catalogue and remembered for {@link #LIFETIME}, for each
 * role those that it may see; a role that no policy holds sees none; what is asked for and not
 * known is looked up again, at most once every {@link #LOOK_AGAIN}.
 */
final class Catalogue {

  private static final Duration LIFETIME = Duration.ofSeconds(5);
  private static final Duration LOOK_AGAIN = Duration.ofMillis(100);

  private static final String SQL =
      """
      select c.relname, a.attname, format_type(a.atttypid, a.atttypmod),
        coalesce(declared.key, primary_key.columns), declared.version, declared.aggregates,
        has_column_privilege(asker.role, c.oid, a.attnum, 'select') and not asker.sees_all,
        a.attnotnull, declared.search
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      cross join (
        select coalesce(named.role, current_user)::name as role,
          exists (select from pg_roles where rolname = named.role and (rolsuper or rolbypassrls)) as sees_all
        from (select ?::text as role) named
      ) asker
      left join lateral (
        select array(select jsonb_array_elements_text(model -> 'key')) as key,
          model ->> 'version' as version, (model ->> 'aggregates')::boolean as aggregates,
          (model -> 'search')::text as search
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

  private static final JsonMapper JSON = new JsonMapper();

  private final DataSource source;
  private final Clock clock;
  private final ReentrantLock reading = new ReentrantLock();

  /** By role; that of nobody in particular is "". There are as many as the settings name. */
  private final Map<String, Snapshot> snapshots = new ConcurrentHashMap<>();

  private record Snapshot(Map<String, Model> models, Instant readAt) {
    static final Snapshot NONE = new Snapshot(Map.of(), Instant.MIN);
  }

  Catalogue(DataSource source, Clock clock) {
    this.source = source;
    this.clock = clock;
  }

  /**
   * The model of that name, with the columns that the role may see.
   *
   * @param role null for the login's own
   * @throws SQLException when the source can't be asked
   */
  Optional<Model> find(String name, @Nullable String role) throws SQLException {
    Instant now = clock.instant();
    Snapshot snapshot = snapshot(role);
    Model known = snapshot.models.get(name);
    Duration lifetime = known == null ? LOOK_AGAIN : LIFETIME;
    if (snapshot.readAt.isBefore(now.minus(lifetime))) {
      known = read(role, now).models.get(name);
    }
    return Optional.ofNullable(known);
  }

  /** All models by name, also those of which the role may see nothing. */
  Map<String, Model> all(@Nullable String role) throws SQLException {
    Instant now = clock.instant();
    Snapshot snapshot = snapshot(role);
    return snapshot.readAt.isBefore(now.minus(LIFETIME)) ? read(role, now).models : snapshot.models;
  }

  /** Forgets what is known, because a statement found it to be wrong. */
  void forget() {
    snapshots.clear();
  }

  private Snapshot snapshot(@Nullable String role) {
    return snapshots.getOrDefault(role == null ? "" : role, Snapshot.NONE);
  }

  private Snapshot read(@Nullable String role, Instant asked) throws SQLException {
    reading.lock();
    try {
      Snapshot snapshot = snapshot(role);
      if (snapshot.readAt.isBefore(asked)) {
        snapshot = new Snapshot(query(role), asked);
        snapshots.put(role == null ? "" : role, snapshot);
      }
      return snapshot;
    } finally {
      reading.unlock();
    }
  }

  private Map<String, Model> query(@Nullable String role) throws SQLException {
    Map<String, ModelInTheMaking> models = new LinkedHashMap<>();
    try (Connection connection = source.getConnection();
        PreparedStatement statement = connection.prepareStatement(SQL)) {
      statement.setString(1, role);
      statement.setString(2, ModelComment.PREFIX);
      try (ResultSet row = statement.executeQuery()) {
        while (row.next()) {
          ModelInTheMaking model =
              models.computeIfAbsent(row.getString(1), _ -> new ModelInTheMaking());
          model.key = key(row.getArray(4));
          model.version = row.getString(5);
          model.hasAggregates = row.getBoolean(6);
          model.search = row.getString(9);
          model.add(row.getString(2), row.getString(3), row.getBoolean(7), row.getBoolean(8));
        }
      }
    }
    Map<String, Model> visible = new LinkedHashMap<>();
    models.forEach(
        (name, model) -> {
          visible.put(name, model.named(name, role == null));
        });
    return visible;
  }

  private static List<String> key(@Nullable Array columns) throws SQLException {
    return columns == null ? List.of() : Arrays.asList((String[]) columns.getArray());
  }

  /** What the catalogue's rows say of a model, one after the other. */
  private static final class ModelInTheMaking {
    private final Map<String, String> all = new LinkedHashMap<>();
    private final Map<String, String> visible = new LinkedHashMap<>();
    private final Set<String> neverNull = new HashSet<>();
    private List<String> key = List.of();
    private @Nullable String version;
    private boolean hasAggregates;
    private @Nullable String search;
    private boolean isSearchStored;
    private boolean isSearchVisible = true;

    void add(String column, String type, boolean isVisible, boolean isNeverNull) {
      if (column.equals(TextSearch.COLUMN)) {
        isSearchStored = true;
        isSearchVisible = isVisible;
        return;
      }
      all.put(column, type);
      if (isVisible) {
        visible.put(column, type);
      }
      if (isNeverNull) {
        neverNull.add(column);
      }
    }

    /**
     * What may be seen of it, if anything: that the login itself may see nothing is a fault to be
     * told. A key of which a part can't be seen is none.
     */
    Model named(String name, boolean isOfLogin) {
      Map<String, String> columns = isOfLogin && visible.isEmpty() ? all : visible;
      return new Model(
          name,
          columns,
          columns.keySet().containsAll(key) ? key : List.of(),
          neverNull,
          columns.containsKey(version) ? version : null,
          hasAggregates,
          columns.size() < all.size() || isSearchStored,
          searched(columns));
    }

    private Model.@Nullable Searched searched(Map<String, String> columns) {
      if (search == null || !isSearchVisible) {
        return null;
      }
      TextSearch declared = JSON.readValue(search, TextSearch.class);
      boolean areAllVisible = columns.keySet().containsAll(declared.columns(all.keySet()));
      return areAllVisible ? new Model.Searched(declared, isSearchStored) : null;
    }
  }
}
