package dev.freshet.sync.analysis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.freshet.postgres.PinnedSession;
import dev.freshet.sync.inference.ModelPlan;
import dev.freshet.sync.inference.ResolvedSelect;
import dev.freshet.sync.model.ModelFiles.Declared;
import dev.freshet.sync.model.SyncRefused;
import dev.freshet.sync.model.TableMissing;
import dev.freshet.sync.model.TableName;
import dev.freshet.sync.query.Relations;
import dev.freshet.sync.source.SourceTable;
import dev.freshet.sync.source.UserView;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What PostgreSQL says of SELECTs, whichever version the read database is of. */
@ParameterizedClass
@ValueSource(ints = {14, 15, 16, 17, 18})
@SuppressWarnings("NullAway.Init") // set before each version
class AnalystIT {

  private static final int NEWEST = 18;

  private static final List<SourceTable> TABLES =
      List.of(
          table(
              "a",
              1,
              "id integer",
              "g integer",
              "ts timestamp with time zone",
              "p jsonb",
              "f double precision",
              "n numeric",
              "year integer",
              "tags text[]"),
          table("b", 2, "id integer", "aid integer", "v numeric(12,2)", "t text", "d date"),
          table("l", 3, "g integer", "id integer", "p integer"),
          table("r", 4, "bx integer", "id integer", "q integer"));

  private static final List<UserView> VIEWS =
      List.of(
          new UserView(
              new TableName("public", "busy"),
              List.of("id", "bs"),
              "select aid, count(*) from b group by aid"),
          new UserView(
              new TableName("public", "busiest"),
              List.of("id"),
              "select busy.id from busy where bs > 3"),
          new UserView(new TableName("public", "broken"), List.of("id"), "select nothing"));

  /** From here on there is any_value. */
  private static final int ANY_VALUE_SINCE = 16;

  private static EmbeddedPostgres server;

  private final int version;

  AnalystIT(int version) {
    this.version = version;
  }

  private static SourceTable table(String name, long oid, String... columns) {
    return new SourceTable(
        new TableName("public", name),
        oid,
        false,
        "",
        "",
        IntStream.range(0, columns.length)
            .mapToObj(
                i -> {
                  int space = columns[i].indexOf(' ');
                  return new SourceTable.Column(
                      columns[i].substring(0, space),
                      i + 1,
                      columns[i].substring(space + 1),
                      "",
                      null,
                      false,
                      null);
                })
            .toList(),
        List.of("id"),
        true,
        0);
  }

  @BeforeParameterizedClassInvocation
  static void start(int major) throws Exception {
    Path archive = Path.of("target/postgresql/" + major + ".jar");
    EmbeddedPostgres.Builder builder = EmbeddedPostgres.builder();
    if (major < NEWEST) {
      builder.setPgBinaryResolver((system, machine) -> binaries(archive));
    }
    server = builder.start();
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      for (String sql :
          List.of(
              "create extension citext",
              "create aggregate public.sum(text) (sfunc = textcat, stype = text)",
              "create table public.b_of_ours (id int primary key, aid int)",
              "create function public.count_b(k int) returns bigint stable language sql as 'select count(*) from public.b_of_ours where aid = k'",
              "create function public.body_b(k int) returns bigint immutable language sql return (select count(*) from public.b_of_ours where aid = k)",
              "create function public.twice(k int) returns int immutable language sql as 'select 2 * k'")) {
        statement.execute(sql);
      }
    }
  }

  /** What an archive of Maven Central has inside, packed once more. */
  private static InputStream binaries(Path archive) throws IOException {
    try (ZipFile zip = new ZipFile(archive.toFile())) {
      ZipEntry packed =
          zip.stream().filter(entry -> entry.getName().endsWith(".txz")).findFirst().orElseThrow();
      return new ByteArrayInputStream(zip.getInputStream(packed).readAllBytes());
    }
  }

  @AfterParameterizedClassInvocation
  static void stop() throws IOException {
    server.close();
  }

  private static Connection connect() throws SQLException {
    Connection connection = server.getPostgresDatabase().getConnection();
    try (Statement statement = connection.createStatement()) {
      statement.execute(PinnedSession.SQL);
    }
    return connection;
  }

  private static Analysis analyse(String select) throws SQLException {
    try (Connection connection = connect()) {
      return new Analyst(connection)
          .analyse(new Declared("m", "/* key: id */ " + select).model(), TABLES, VIEWS);
    }
  }

  @Test
  void namesAreResolvedAndStarsExpandedAsPostgresqlDoes() throws SQLException {
    Analysis analysis =
        analyse(
            "with c(k, x, y, z, w) as (select * from l join r using (id)) select k, x, y, z, w from c; -- the end");
    assertThat(analysis.select())
        .contains("\"l\".\"id\"", "\"public\".\"l\"", "USING (\"id\")")
        .doesNotContain("*", ";");
    assertThat(analysis.columns().keySet()).containsExactly("k", "x", "y", "z", "w");
    assertThat(analysis.tables())
        .containsExactlyInAnyOrder(new TableName("public", "l"), new TableName("public", "r"));
    assertThat(analysis.objection()).isEmpty();
  }

  @Test
  void nothingIsLeftInTheReadDatabase() throws SQLException {
    analyse("select a.id from a");
    try (Connection connection = connect();
        Statement statement = connection.createStatement();
        ResultSet row =
            statement.executeQuery(
                "select count(*) from pg_class where relname in ('a', 'analysed')")) {
      row.next();
      assertThat(row.getInt(1)).isZero();
    }
  }

  @Test
  void mirrorThatDiffersIsNotWhatTheSelectMeans() throws SQLException {
    try (Connection connection = connect();
        Statement statement = connection.createStatement()) {
      statement.execute("create table public.l (id int primary key, other text)");
      assertThat(analyse("select l.id, l.p from l").columns())
          .isEqualTo(Map.of("id", "integer", "p", "integer"));
      statement.execute("drop table public.l");
    }
  }

  @Test
  void aggregatesOfTheUsersOwnAreToldApartByIdentity() throws SQLException {
    assertThat(analyse("select g as id, max(n) as m, sum(n) as s from a group by g").objection())
        .isEmpty();
    assertThat(analyse("select aid as id, sum(t) as s from b group by aid").objection())
        .hasValueSatisfying(why -> assertThat(why).contains("public.sum"));
  }

  @Test
  void functionsThatMayReadTablesAreNamed() throws SQLException {
    assertThat(analyse("select id, count_b(id) as n from a").tableReaders())
        .containsExactly("public.count_b");
    assertThat(analyse("select id, body_b(id) as n from a").tableReaders())
        .containsExactly("public.body_b");
    assertThat(analyse("select id, twice(id) as n, upper(g::text) as u from a").tableReaders())
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "select id, now() as t from a | 'now' changes without any row changing",
        "select id from a where ts > current_date | 'current_date' changes",
        "select id, current_user as u from a | 'current_user' changes",
        "select id from a where ts > 'today' | 'today' means another time each day",
        "select id from a where ts > any('{2026-01-01,tomorrow}'::timestamptz[]) | means another time",
        "select id from a where ts <@ '[yesterday,)'::tstzrange | means another time",
        "select id, string_agg(t, ',') as s from b group by id | order of string_agg's rows is undefined",
        "select id, (select array_agg(t) from b where aid = a.id) as s from a | order of array_agg's rows",
        "select id, age(ts) as s from a | age() of one argument",
        "select id, any_value(t) as s from b group by id | any_value may pick any row",
        "select id, random() as r from a | function random is volatile",
        "select id from a tablesample system (1) | TABLESAMPLE",
        "select id, g from a for update | locks the rows",
        "with c as (select id from a for share) select id from c | locks the rows",
        "select id, xmin::text as version from a | system column",
        "select id, row_number() over (partition by g) as n from a | order of row_number's rows is undefined",
        "select id, lag(id) over () as n from a | order of lag's rows is undefined",
        "select id, sum(n) over (rows unbounded preceding) as n from a | order of sum's rows is undefined",
        "select g as id, sum(f) as total from a group by g | sum sums floating-point numbers",
        "select id, total from (select g as id, avg(f) as total from a group by g) q | avg sums floating-point",
        "select id, stddev(f) over () as n from a | stddev sums floating-point",
        "select id from (select id from a limit 3) q | LIMIT or OFFSET without ORDER BY",
        "select distinct on (g) g as id, n from a | DISTINCT ON takes any row",
      })
  void whatDiffersOverTheSameRowsIsRefused(String select, String reason) throws SQLException {
    boolean isUnknown = select.contains("any_value") && version < ANY_VALUE_SINCE;
    assertThat(rejection(select)).contains(isUnknown ? "does not exist" : reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "select id, 'now' as word from a",
        "select id, sum(n) over (partition by g) as s from a",
        "select id, row_number() over (partition by g order by id) as n from a",
        "select id, exists (select from b where aid = a.id limit 1) as e, age(ts, ts) as g from a",
        "select id, max(f) as m, count(f) as c from a group by id",
        "select distinct on (g) g as k, n, id from a order by g, id",
        "select id, p ? 'x' as has, p ?| array['x'] as any from a",
        "select id, year as y, t from a join (select aid, t from b) q on q.aid = a.id",
        "select id from a where ts > '2026-01-01' and g = 1",
        "select id, jsonb_agg(t order by id) as t from b group by id",
      })
  void whatIsTheSameOverTheSameRowsIsAccepted(String select) throws SQLException {
    assertThat(analyse(select).objection()).isEmpty();
  }

  /** Every example of the manual's table. */
  static Stream<String> rejectedByTheManual() throws IOException {
    List<String> examples =
        Files.readAllLines(Path.of("MODELS.md")).stream()
            .filter(line -> line.startsWith("| `select "))
            .map(line -> line.substring(3, line.indexOf('`', 3)))
            .toList();
    assertThat(examples).hasSizeGreaterThan(10);
    return examples.stream();
  }

  @ParameterizedTest
  @MethodSource("rejectedByTheManual")
  void whatTheManualSaysIsRejectedIs(String select) throws SQLException {
    assertThat(rejection(select)).isNotEmpty();
  }

  /** Every construct of the manual: an example, its key, and how it is kept. */
  static Stream<Arguments> constructsOfTheManual() throws IOException {
    List<Arguments> constructs =
        Files.readAllLines(Path.of("MODELS.md")).stream()
            .map(line -> line.split(" \\| "))
            .filter(cells -> cells.length == 5 && cells[2].startsWith("`"))
            .map(
                cells ->
                    Arguments.of(
                        cells[2].replace("`", ""), cells[3], cells[4].replaceFirst(" \\|$", "")))
            .toList();
    assertThat(constructs).hasSizeGreaterThan(20);
    return constructs.stream();
  }

  @ParameterizedTest
  @MethodSource("constructsOfTheManual")
  void constructIsKeptAsTheManualSays(String select, String key, String kept) throws SQLException {
    Analysis analysis = analyse(select);
    ModelPlan plan = plan(analysis, key);
    assertThat(analysis.objection()).isEmpty();
    assertThat(plan.kept()).isEqualTo(kept);
    assertThat(plan.tables()).isEqualTo(analysis.tables());
  }

  private static ModelPlan plan(Analysis analysis, String key) {
    Map<TableName, List<String>> columns = new HashMap<>();
    Map<TableName, List<String>> keys = new HashMap<>();
    for (SourceTable table : TABLES) {
      columns.put(table.name(), table.columns().stream().map(SourceTable.Column::name).toList());
      keys.put(table.name(), table.key());
    }
    return ModelPlan.of(
        new Declared("m", "/* key: [%s] */ select 1".formatted(key)).model(),
        new ResolvedSelect(analysis.select(), analysis.columns(), analysis.ambiguous(), ""),
        new Relations(columns, keys, Map.of(), analysis.views(), analysis.aggregates()),
        Set.of());
  }

  @Test
  void viewsAreReadThroughToTheirTables() throws SQLException {
    Analysis analysis = analyse("select a.id from a join busiest v on v.id = a.id");
    assertThat(analysis.tables())
        .containsExactlyInAnyOrder(new TableName("public", "a"), new TableName("public", "b"));
    assertThat(analysis.views().keySet())
        .containsExactlyInAnyOrder(
            new TableName("public", "busy"), new TableName("public", "busiest"));
  }

  private static String rejection(String select) throws SQLException {
    try {
      Analysis analysis = analyse(select);
      if (analysis.objection().isPresent()) {
        return analysis.objection().get();
      }
      plan(analysis, "id");
      return "";
    } catch (SyncRefused e) {
      return String.valueOf(e.getMessage());
    }
  }

  @Test
  void whatIsNotUnderstoodIsRefusedInPostgresqlsWords() {
    assertThatThrownBy(() -> analyse("select x.id from nowhere x"))
        .isInstanceOf(TableMissing.class)
        .hasMessageContaining("relation \"nowhere\" does not exist");
    assertThatThrownBy(() -> analyse("select a.id, a.nix from a"))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("column a.nix does not exist, in line 1, column ");
    assertThatThrownBy(() -> analyse("select a.id, a.id from a"))
        .isInstanceOf(SyncRefused.class)
        .hasMessageContaining("two columns of one name");
    assertThatThrownBy(() -> analyse("delete from a")).hasMessage("Model m is not a SELECT.");
    assertThatThrownBy(() -> analyse("select id from a; drop table a"))
        .hasMessageContaining("more than one statement");
  }
}
