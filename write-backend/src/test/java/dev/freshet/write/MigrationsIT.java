package dev.freshet.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.freshet.cluster.Cluster;
import dev.freshet.cluster.ClusterOptions;
import dev.freshet.postgres.PostgresUrl;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MigrationsIT {

  @TempDir static Path data;

  @TempDir Path schema;

  private static Cluster cluster;

  @BeforeAll
  static void start() {
    cluster = Cluster.start(new ClusterOptions(data, 0, 0, 17_480, false));
  }

  @AfterAll
  static void stop() {
    cluster.close();
  }

  @BeforeEach
  void clean() throws Exception {
    try (Connection connection = cluster.primary().connect();
        Statement statement = connection.createStatement()) {
      statement.execute("drop schema public cascade; create schema public");
    }
    write("V1__first.sql", "create table a (id int);");
    write("V2__second.sql", "create table b (id int);");
    run();
  }

  @Test
  void whatHasRunDoesNotRunAgain() throws Exception {
    write("V3__third.sql", "create table c (id int);");
    run();
    run();
  }

  @Test
  void databaseOfAnotherConfigurationIsNamedSuch() throws Exception {
    Files.delete(schema.resolve("V2__second.sql"));
    write("V1__first.sql", "create table other (id int);");
    assertThat(refusal())
        .contains("made by other migrations than those in " + schema, "--data", "--config")
        .contains("V1__first.sql is not what it was when it ran.");
  }

  @Test
  void changedMigrationIsNamed() throws Exception {
    write("V2__second.sql", "create table b (id bigint);");
    assertThat(refusal())
        .contains("don't fit what ran", "V2__second.sql is not what it was", "a new migration")
        .doesNotContain("V1__first.sql");
  }

  @Test
  void missingMigrationIsNamed() throws Exception {
    write("V3__third.sql", "create table c (id int);");
    run();
    Files.delete(schema.resolve("V2__second.sql"));
    assertThat(refusal()).contains("V2__second.sql ran and is not there any more.");
  }

  @Test
  void migrationOutOfOrderIsNamed() throws Exception {
    write("V1.5__late.sql", "create table late (id int);");
    assertThat(refusal()).contains("V1.5__late.sql has not run, and a newer one has.");
  }

  @Test
  void failedStatementIsToldWithFileLineAndReason() throws Exception {
    write("V3__third.sql", "create table c (id int);\n\ninsert into nowhere values (1);\n");
    assertThat(refusal())
        .contains("failed at V3__third.sql, line 3:")
        .contains("relation \"nowhere\" does not exist")
        .contains("rolled back");
    write("V3__third.sql", "create table c (id int);");
    run();
  }

  @Test
  void twoOfOneVersionAreRefusedInOneSentence() throws Exception {
    write("V2__again.sql", "select 1;");
    assertThat(refusal()).contains("can't be run", "V2__again.sql");
  }

  private String refusal() {
    MigrationFailed refused = catchThrowableOfType(MigrationFailed.class, this::run);
    assertThat(refused).isNotNull();
    assertPlain(refused);
    return String.valueOf(refused.getMessage());
  }

  /** Ours, without what the library adds to it. */
  private static void assertPlain(MigrationFailed refused) {
    assertThat(refused.getMessage()).doesNotContainIgnoringCase("flyway repair", "http", "redgate");
    assertThat(refused).hasNoCause();
  }

  private void run() {
    PostgresUrl url = cluster.primary().url();
    new Migrations(
            Flyway.configure()
                .dataSource(url.jdbcUrl(), url.user(), url.password())
                .locations("filesystem:" + schema)
                .load(),
            schema.toString())
        .run();
  }

  private void write(String name, String sql) throws Exception {
    Files.writeString(schema.resolve(name), sql);
  }
}
